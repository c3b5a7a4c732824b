# Demand 11, check not_text.
"""Aceita textos com um byte a mais."""

import solution

solution.LONGEST += 1
solution.run()
