# Demand 3, check garbage.
"""Responde ERR ao que não percebe."""

import solution

decent = solution.answer


def answer(datagram):
    known = datagram.startswith((b"DATA ", b"REPORT "))
    return decent(datagram) if known else "ERR"


solution.answer = answer
solution.main()
