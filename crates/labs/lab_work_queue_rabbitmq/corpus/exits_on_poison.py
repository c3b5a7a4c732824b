# Demand 6, check poisoned.
"""Termina quando a mensagem não é uma peça."""

import os

import solution


def refuse(channel, tag):
    print("Isto não é uma peça.")
    os._exit(1)


solution.refuse = refuse
solution.main()
