# Demand 5, check repeated.
"""Não diz que uma peça é repetida."""

import solution


def result(name, redelivered):
    return name


solution.result = result
solution.main()
