# Demand 11, check big_numbers.
"""Recusa o maior número que pode vir."""

import solution

decent = solution.is_measure


def is_measure(number, value):
    return decent(number, value) and number < (1 << 32) - 1


solution.is_measure = is_measure
solution.main()
