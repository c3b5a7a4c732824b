# Demand 10, check endless_line.
"""Recusa a linha mais comprida que pode vir."""

import solution

solution.MAX_LINE = 1023
solution.main()
