# Demand 3, check all_values.
"""Junta aos valores quantos são."""

import solution


def read_all():
    return {"total": len(solution.values), **solution.values}


solution.read_all = read_all
solution.run()
