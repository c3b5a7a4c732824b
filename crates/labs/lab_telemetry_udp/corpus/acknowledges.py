# Demand 1, check who_asked.
"""Confirma cada medida que recebe."""

import solution

decent = solution.answer


def answer(datagram):
    text = decent(datagram)
    return "OK" if datagram.startswith(b"DATA") else text


solution.answer = answer
solution.main()
