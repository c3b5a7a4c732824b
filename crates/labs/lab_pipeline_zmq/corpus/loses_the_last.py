# Demand 6, check worker_end.
"""O worker termina sem esperar que o sink receba o que falta."""

import solution

decent = solution.opened


def opened(kind):
    return decent(kind, 0 if kind == solution.zmq.PUSH else None)


def destroy(_):
    decent_destroy(None)  # como cada socket quer


decent_destroy = solution.context.destroy
solution.context.destroy = destroy
solution.opened = opened
solution.run()
