# Demand 4, check poisoned.
"""Recusa a peça mais demorada que pode vir."""

import solution

decent = solution.part


def part(body):
    known = decent(body)
    return known if known and known[1] < 100 else None


solution.part = part
solution.main()
