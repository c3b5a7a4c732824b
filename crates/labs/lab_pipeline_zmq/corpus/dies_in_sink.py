# Demand 11, check sink_garbage.
"""O sink acredita que tudo o que recebe é um resultado."""

import solution


def result_of(text):
    _, number, value = text.split(" ")
    return int(number), int(value)


solution.result_of = result_of
solution.run()
