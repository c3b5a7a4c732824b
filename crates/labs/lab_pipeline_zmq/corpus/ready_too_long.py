# Demand 1, check worker_task.
"""Pede tarefas com uma palavra a mais."""

import solution

solution.READY = b"READY 1"
solution.run()
