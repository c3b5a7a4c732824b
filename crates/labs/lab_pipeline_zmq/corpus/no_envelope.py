# Demand 1, check worker_task.
"""Pede por DEALER, sem o frame vazio do princípio."""

import solution

decent = solution.opened


def opened(kind, linger=None):
    if kind == solution.zmq.REQ:
        kind = solution.zmq.DEALER
    return decent(kind, linger)


solution.opened = opened
solution.run()
