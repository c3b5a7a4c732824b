# Demand 6, check unknown.
"""Qualquer caminho que comece por /valores é /valores."""

import solution

decent = solution.read


def read(path):
    if path.startswith("/valores") and "/" not in path[1:]:
        return 200, solution.values
    return decent(path)


solution.read = read
solution.run()
