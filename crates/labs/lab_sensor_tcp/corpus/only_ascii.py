# Demand 2, check not_text.
"""Não aceita acentos."""

import solution

decent = solution.answer
solution.answer = lambda line: decent(line) if line.isascii() else "ERR"
solution.main()
