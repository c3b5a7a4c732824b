# Demand 11, check not_text.
"""Distribui um texto de qualquer tamanho."""

import solution

solution.LONGEST = None
solution.run()
