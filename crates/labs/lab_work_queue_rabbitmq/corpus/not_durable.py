# Demand 1, check durable.
"""Nem as filas são duráveis, nem os resultados persistentes."""

import solution

solution.DURABLE = False
solution.main()
