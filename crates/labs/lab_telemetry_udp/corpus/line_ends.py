# Demand 2, check in_order.
"""Acaba cada resposta com um fim de linha."""

import solution

decent = solution.answer


def answer(datagram):
    text = decent(datagram)
    return None if text is None else text + "\n"


solution.answer = answer
solution.main()
