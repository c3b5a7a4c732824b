# Demand 11, check not_text.
"""Distribui um frame binário como se fosse um texto."""

import solution

solution.isinstance = lambda *_: True
solution.run()
