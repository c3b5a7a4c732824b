# Demand 12, check ventilator_slow.
"""Dá mais uma tarefa do que as do lote."""

import solution

decent = solution.ventilate


def ventilate(tasks_at, batches_at, count):
    decent(tasks_at, batches_at, count + 1)


def batch(count):
    return f"BATCH {count - 1}"


solution.batch = batch
solution.ventilate = ventilate
solution.run()
