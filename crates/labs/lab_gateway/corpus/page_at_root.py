# Demand 6, check unknown.
"""Responde a /, que não é um dos seus caminhos."""

import solution

decent = solution.read


def read(path):
    return (200, {}) if path == "/" else decent(path)


solution.read = read
solution.run()
