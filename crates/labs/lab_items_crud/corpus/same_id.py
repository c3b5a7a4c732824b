# Demand 11, check at_once.
"""Escolhe o id fora do lock, e demora até guardar."""

import time

import solution


def create(part):
    id = max(solution.items, default=solution.last) + 1
    time.sleep(0.5)
    item = {"id": id, "name": part["name"], "price": part["price"], "version": 1}
    solution.last = max(id, solution.last)
    solution.items[id] = item
    return item


solution.create = create
solution.main()
