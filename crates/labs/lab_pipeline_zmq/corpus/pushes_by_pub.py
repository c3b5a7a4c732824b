# Demand 2, check worker_task.
"""Envia os resultados por PUB."""

import solution

decent = solution.opened


def opened(kind, linger=None):
    if kind == solution.zmq.PUSH:
        kind = solution.zmq.PUB
    return decent(kind, linger)


solution.opened = opened
solution.run()
