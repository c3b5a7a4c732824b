# Demand 10, check conflict.
"""De várias mudanças ao mesmo tempo, recusa todas."""

import time

import solution

decent = solution.update
waiting = []


def update(id, part):
    waiting.append(part)
    time.sleep(1)
    alone = len(waiting) == 1
    time.sleep(1)
    waiting.remove(part)
    if not alone:
        raise solution.Refused(409)
    return decent(id, part)


solution.update = update
solution.main()
