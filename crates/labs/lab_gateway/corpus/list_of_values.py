# Demand 3, check all_values.
"""Dá uma lista de valores, sem dizer de que sensor são."""

import solution

solution.read_all = lambda: list(solution.values.values())
solution.run()
