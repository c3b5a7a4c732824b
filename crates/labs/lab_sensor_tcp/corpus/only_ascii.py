# Demand 5, check not_text.
"""Toma o que tem acentos por bytes que não são texto."""

import solution

decent = solution.answer
solution.answer = lambda line: decent(line) if line.isascii() else "ERR"
solution.main()
