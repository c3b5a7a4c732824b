# Demand 18, check ctrl_c.
"""Espera para sempre por quem já não vem receber."""

import solution

solution.LINGER = -1
solution.run()
