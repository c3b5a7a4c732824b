# Demand 10, check frames.
"""Recusa o texto mais longo que pode vir."""

import solution

solution.LONGEST -= 1
solution.run()
