"""Distribui um texto de qualquer tamanho."""

import solution

solution.LONGEST = None
solution.run()
