# Demand 11, check sink_garbage.
"""O que o sink não percebe é para ele um resultado, de valor 0."""

import solution

decent = solution.result_of


def result_of(text):
    return decent(text) or (1, 0)


solution.result_of = result_of
solution.run()
