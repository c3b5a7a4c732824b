# Demand 10, check conflict.
"""A última mudança ganha, venha de que versão vier."""

import solution

decent = solution.update


def update(id, part):
    if isinstance(part.get("version"), int) and id in solution.items:
        part["version"] = solution.items[id]["version"]
    return decent(id, part)


solution.update = update
solution.main()
