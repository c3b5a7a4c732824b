# Demand 4, check errors.
"""Não vê as palavras que uma linha tem a mais."""

import solution

decent = solution.answer


def answer(line):
    words = line.split(b" ")
    return decent(b" ".join(words[: 3 if words[0] == b"SET" else 2]))


solution.answer = answer
solution.main()
