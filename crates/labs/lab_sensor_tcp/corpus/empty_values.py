# Demand 3, check errors.
"""De um sensor sem valor, responde OK e um valor vazio."""

import solution

decent = solution.answer


def answer(line):
    text = decent(line)
    return "OK " if text == "ERR sensor desconhecido" else text


solution.answer = answer
solution.main()
