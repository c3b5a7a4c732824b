# Demand 15, check never_reads.
"""Segura o lock dos valores enquanto escreve a resposta."""

import solution


class Client(solution.Client):
    def send(self, text):
        with solution.lock:
            super().send(text)


solution.Client = Client
solution.main()
