# Demand 10, check endless_line.
"""Espera para sempre pelo fim de uma linha."""

import solution

solution.MAX_LINE = 1 << 30
solution.main()
