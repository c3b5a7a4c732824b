# Demand 12, check ventilator_deals.
"""Dá a primeira tarefa duas vezes, e a última nenhuma."""

import solution


def task(number):
    return f"TASK {max(number - 1, 1)}"


solution.task = task
solution.run()
