# Demand 12, check ctrl_c.
"""Sem ligação ao broker, não dá pelo Ctrl-C."""

import signal
import sys
import time

import solution

signal.signal(signal.SIGINT, solution.stop)
while True:
    try:
        solution.serve(sys.argv[1])
        break
    except solution.AMQPError:
        time.sleep(solution.RETRY_AFTER)
