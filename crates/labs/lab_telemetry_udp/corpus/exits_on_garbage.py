# Demand 11, check garbage.
"""Termina quando um número não é um número."""

import os

import solution


def answer(datagram):
    text = datagram.decode(errors="replace")
    match text.split(" "):
        case ["DATA", name, number, value]:
            try:
                solution.find(name).take(int(number), float(value))
            except ValueError as error:
                print("Erro:", error)
                os._exit(1)
        case ["REPORT", name]:
            return solution.find(name).report(name)
    return None


solution.answer = answer
solution.main()
