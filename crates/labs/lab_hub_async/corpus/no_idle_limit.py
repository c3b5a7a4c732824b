# Demand 6, check idle.
"""Espera para sempre por cada linha."""

import solution

solution.IDLE = None
solution.run()
