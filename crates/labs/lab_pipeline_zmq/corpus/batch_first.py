# Demand 8, check sink_order.
"""Deita fora os resultados que chegam antes do lote."""

import solution

decent_add = solution.add
decent_number = solution.number_in
sizes = []


def number_in(text, word):
    number = decent_number(text, word)
    if word == "BATCH" and number is not None:
        sizes.append(number)
    return number


def add(known, number, value):
    if sizes:
        decent_add(known, number, value)


solution.number_in = number_in
solution.add = add
solution.run()
