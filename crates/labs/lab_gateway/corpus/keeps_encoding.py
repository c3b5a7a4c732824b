# Demand 8, check names.
"""Procura o nome tal como vem no URL, com %C3%A2 no lugar de «â»."""

import solution

solution.unquote = lambda name: name
solution.run()
