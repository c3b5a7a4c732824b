# Demand 11, check connection_lost.
"""Termina quando a ligação se perde."""

import sys

import solution

solution.signal.signal(solution.signal.SIGINT, solution.stop)
try:
    solution.serve(sys.argv[1])
except solution.AMQPError:
    sys.exit("Ligação perdida.")
