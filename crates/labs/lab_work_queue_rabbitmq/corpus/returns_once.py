# Demand 11, check connection_lost.
"""Volta a ligar-se, mas só da primeira vez que perde a ligação."""

import sys

import solution

decent = solution.prepare
connected = 0


def prepare(channel):
    global connected
    connected += 1
    if connected == 3:
        sys.exit("Outra vez sem ligação.")
    decent(channel)


solution.prepare = prepare
solution.main()
