# Demand 10, check slow_screen.
"""Guarda tudo o que um ecrã não lê."""

import solution

solution.QUEUE = 0
solution.run()
