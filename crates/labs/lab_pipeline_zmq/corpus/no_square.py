# Demand 2, check worker_task.
"""Envia como resultado o próprio número, e não o seu quadrado."""

import solution


def result(number):
    return f"RESULT {number} {number}"


solution.result = result
solution.run()
