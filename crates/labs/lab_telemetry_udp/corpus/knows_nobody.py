# Demand 9, check in_order.
"""Não responde por um sensor que nunca enviou nada."""

import solution

decent = solution.answer


def answer(datagram):
    match datagram.split(b" "):
        case [b"REPORT", name] if name.decode() not in solution.sensors:
            return None
    return decent(datagram)


solution.answer = answer
solution.main()
