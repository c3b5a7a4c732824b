# Demand 5, check hysteresis.
"""Um só limite, vinte graus: liga e desliga à volta dele."""

import solution


def order(payload):
    try:
        celsius = float(payload)
    except ValueError:
        return None
    if not solution.math.isfinite(celsius):
        return None
    return "ON" if celsius < 20.0 else "OFF"


solution.order = order
solution.run()
