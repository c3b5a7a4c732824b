# Demand 10, check conflict.
"""Perde-se quando duas mudanças vêm ao mesmo tempo."""

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
        raise solution.Refused(500)
    return decent(id, part)


solution.update = update
solution.main()
