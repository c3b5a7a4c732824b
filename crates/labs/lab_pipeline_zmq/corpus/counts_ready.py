# Demand 5, check worker_end.
"""Conta os pedidos que fez, e não as tarefas."""

import solution


def done_line(done):
    return f"Feitas: {done + 1} tarefas"


solution.done_line = done_line
solution.run()
