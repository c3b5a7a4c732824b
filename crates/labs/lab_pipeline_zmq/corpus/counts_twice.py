# Demand 9, check sink_repeats.
"""Conta um resultado repetido como se fosse outro."""

import solution


def add(known, number, value):
    while number in known:
        number += 1
    known[number] = value


solution.add = add
solution.run()
