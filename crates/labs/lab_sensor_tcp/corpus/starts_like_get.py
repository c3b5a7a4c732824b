# Demand 4, check errors.
"""Olha só para o princípio da primeira palavra."""

import solution

decent = solution.answer


def answer(line):
    first, *others = line.split(b" ")
    return decent(b" ".join([first[:3], *others]))


solution.answer = answer
solution.main()
