# Demand 2, check not_a_number.
"""Termina com o primeiro valor que não é um número."""

import os

import solution


def number(payload):
    try:
        return float(payload)
    except ValueError:
        print("isto não é um número", flush=True)
        os._exit(1)


solution.number = number
solution.run()
