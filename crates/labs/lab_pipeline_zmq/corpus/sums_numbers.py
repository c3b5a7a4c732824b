# Demand 10, check sink_total.
"""Soma os números das tarefas, e não os resultados."""

import solution


def add(known, number, value):
    known.setdefault(number, number)


solution.add = add
solution.run()
