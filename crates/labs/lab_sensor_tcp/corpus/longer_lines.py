# Demand 10, check endless_line.
"""Aceita linhas com um byte a mais."""

import solution

solution.MAX_LINE = 1025
solution.main()
