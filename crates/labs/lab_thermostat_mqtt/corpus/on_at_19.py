# Demand 5, check hysteresis.
"""Com 19.0 certos, a ordem já é ON."""

import solution

decent = solution.order


def order(payload):
    return "ON" if payload == b"19.0" else decent(payload)


solution.order = order
solution.run()
