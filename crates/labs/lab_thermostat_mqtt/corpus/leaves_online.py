# Demand 13, check ctrl_c.
"""Despede-se do broker, e deixa dito que está online."""

import solution

solution.leave = lambda client: solution.time.sleep(0.5)
solution.run()
