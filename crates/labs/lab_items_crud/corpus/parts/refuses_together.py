"""Mudanças que, quando vêm ao mesmo tempo, têm todas este código."""

import time

import solution

decent = solution.update
waiting = []


def run(status):
    def update(id, part):
        waiting.append(part)
        time.sleep(1)
        alone = len(waiting) == 1
        time.sleep(1)
        waiting.remove(part)
        if not alone:
            raise solution.Refused(status)
        return decent(id, part)

    solution.update = update
    solution.main()
