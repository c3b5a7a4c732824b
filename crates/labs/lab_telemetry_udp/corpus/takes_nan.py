# Demand 11, check garbage.
"""Toma `nan` e `inf` por medidas."""

import solution

solution.is_measure = lambda number, value: 0 < number < 1 << 32
solution.main()
