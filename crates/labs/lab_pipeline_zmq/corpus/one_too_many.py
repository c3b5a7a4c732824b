# Demand 3, check ventilator_deals.
"""Anuncia um lote com uma tarefa a mais."""

import solution


def batch(count):
    return f"BATCH {count + 1}"


solution.batch = batch
solution.run()
