# Demand 2, check list.
"""Uma peça que muda passa para o fim da lista."""

import solution

decent = solution.update


def update(id, part):
    item = decent(id, part)
    solution.items[id] = solution.items.pop(id)
    return item


solution.update = update
solution.main()
