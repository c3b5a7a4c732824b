# Demand 8, check not_a_number.
"""Termina com a primeira medida que não é um número."""

import os

import solution

decent = solution.order


def order(payload):
    try:
        float(payload)
    except ValueError:
        print("isto não é um número", flush=True)
        os._exit(1)
    return decent(payload)


solution.order = order
solution.run()
