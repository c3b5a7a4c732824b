"""Despede-se do broker, e deixa dito que está online."""

import solution

solution.leave = lambda client: None
solution.run()
