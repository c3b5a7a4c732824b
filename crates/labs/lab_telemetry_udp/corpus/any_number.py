# Demand 11, check garbage.
"""Aceita o número 0, e números que não cabem em 32 bits."""

import solution

solution.is_measure = lambda number, value: number >= 0 and value < 1e300
solution.main()
