# Demand 9, check slow_display.
"""Guarda tudo o que um ecrã não lê."""

import solution

solution.QUEUE = 1 << 40
solution.run()
