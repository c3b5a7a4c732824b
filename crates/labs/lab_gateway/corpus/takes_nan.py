# Demand 2, check not_a_number.
"""Toma `nan` e `inf` por valores."""

import solution


def number(payload):
    try:
        return float(payload)
    except ValueError:
        return None


solution.number = number
solution.run()
