# Demand 5, check not_text.
"""Fecha a ligação de quem envia o que não é texto."""

import solution

decent = solution.answer


def answer(line):
    text = decent(line)
    if text == "ERR não é texto":
        raise ConnectionAbortedError
    return text


solution.answer = answer
solution.main()
