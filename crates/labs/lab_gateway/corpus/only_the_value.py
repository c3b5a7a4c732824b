# Demand 4, check last_value.
"""Dá só o valor, sem dizer de que sensor é."""

import solution


def read_one(name):
    if name not in solution.values:
        return 404, {}
    return 200, {"valor": solution.values[name]}


solution.read_one = read_one
solution.run()
