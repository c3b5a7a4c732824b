# Demand 8, check in_order.
"""Não aceita um valor negativo."""

import solution

solution.is_measure = (
    lambda number, value: 0 < number < 1 << 32 and 0 <= value < 1e9
)
solution.main()
