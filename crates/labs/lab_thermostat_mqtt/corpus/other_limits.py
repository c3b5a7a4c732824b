# Demand 4, check on_off.
"""Os limites são outros: 18.5 e 21.5."""

import solution

decent = solution.order


def order(payload):
    new = decent(payload)
    if new is not None and 18.5 <= float(payload) <= 21.5:
        return None
    return new


solution.order = order
solution.run()
