# Demand 8, check not_a_number.
"""Toma `inf` por uma medida."""

import solution


def order(payload):
    try:
        celsius = float(payload)
    except ValueError:
        return None
    return "ON" if celsius < 19 else "OFF" if celsius > 21 else None


solution.order = order
solution.run()
