# Demand 5, check not_text.
"""Termina quando recebe o que não é texto."""

import os

import solution

decent = solution.answer


def answer(line):
    try:
        line.decode()
    except UnicodeDecodeError as error:
        print("Erro:", error)
        os._exit(1)
    return decent(line)


solution.answer = answer
solution.main()
