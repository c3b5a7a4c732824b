# Demand 4, check update.
"""Muda a peça, e a versão fica na mesma."""

import solution

decent = solution.update


def update(id, part):
    item = decent(id, part)
    item["version"] -= 1
    return item


solution.update = update
solution.main()
