# Demand 4, check does_parts.
"""Publica o resultado sem fazer a peça."""

import solution


def work(channel, dots):
    pass


solution.work = work
solution.main()
