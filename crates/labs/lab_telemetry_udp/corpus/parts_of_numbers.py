# Demand 11, check garbage.
"""Toma `2x` por 2: só lê o princípio, enquanto é um número."""

import re

import solution

decent = solution.answer


def answer(datagram):
    match datagram.split(b" "):
        case [b"DATA", name, number, value]:
            number = re.match(b"[0-9]*", number)[0]
            value = re.match(rb"[-0-9.]*", value)[0]
            datagram = b" ".join([b"DATA", name, number, value])
    return decent(datagram)


solution.answer = answer
solution.main()
