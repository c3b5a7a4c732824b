# Demand 10, check conflict.
"""Compara a versão antes de ter o lock com que muda a peça."""

import time

import solution


def update(id, part):
    if not isinstance(part.get("version"), int):
        raise solution.Refused(422)
    item = solution.find(id)
    if item["version"] != part["version"]:
        raise solution.Refused(409)
    time.sleep(0.5)
    with solution.lock:
        item.update(name=part["name"], price=part["price"])
        item["version"] = part["version"] + 1
        return dict(item)


solution.update = update
solution.main()
