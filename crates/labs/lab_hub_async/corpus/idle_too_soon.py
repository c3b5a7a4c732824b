# Demand 6, check idle.
"""Só dá meio segundo a um sensor."""

import solution

solution.IDLE = 0.5
solution.run()
