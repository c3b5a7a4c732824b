# Demand 7, check worker_garbage.
"""O worker acredita que tudo o que recebe é uma tarefa."""

import os

import solution

decent = solution.number_in


def number_in(text, word):
    number = decent(text, word)
    if number is None and word == "TASK":
        print(f"Não é um número: {text!r}")
        os._exit(1)
    return number


solution.number_in = number_in
solution.run()
