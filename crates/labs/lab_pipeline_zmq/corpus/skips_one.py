# Demand 12, check ventilator_deals.
"""Começa a contar em zero, e não em um."""

import solution


def task(number):
    return f"TASK {number - 1}"


solution.task = task
solution.run()
