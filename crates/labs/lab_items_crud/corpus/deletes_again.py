# Demand 8, check delete.
"""Apaga outra vez o que já não existe."""

import solution


def delete(id):
    with solution.lock:
        solution.items.pop(id, None)


solution.delete = delete
solution.main()
