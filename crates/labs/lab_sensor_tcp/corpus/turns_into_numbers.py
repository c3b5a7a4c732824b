# Demand 2, check set_get.
"""Guarda um número, e não o texto que veio."""

import solution

decent = solution.answer


def answer(line):
    match line.split(b" "):
        case [b"SET", name, value]:
            line = b"SET %s %g" % (name, float(value))
    return decent(line)


solution.answer = answer
solution.main()
