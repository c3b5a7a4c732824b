# Demand 11, check delete.
"""Dá a uma peça nova o id de uma que foi apagada."""

import solution

decent = solution.create


def create(part):
    solution.last = max(solution.items, default=0)
    return decent(part)


solution.create = create
solution.main()
