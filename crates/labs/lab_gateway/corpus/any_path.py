# Demand 6, check unknown.
"""Responde 200 a qualquer caminho."""

import solution

decent = solution.read


def read(path):
    if path.startswith("/valores"):
        return decent(path)
    return 200, solution.values


solution.read = read
solution.run()
