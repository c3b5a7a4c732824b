# Demand 6, check worker_end.
"""Espera para sempre por quem receba o último resultado."""

import solution

decent = solution.opened


def opened(kind, linger=None):
    return decent(kind, -1 if kind == solution.zmq.PUSH else linger)


def run():
    try:
        solution.main()
    except KeyboardInterrupt:
        solution.context.destroy(0)
        return
    solution.context.term()


solution.opened = opened
run()
