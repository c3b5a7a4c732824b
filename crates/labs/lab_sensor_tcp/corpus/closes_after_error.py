# Demand 9, check errors.
"""Fecha a ligação a seguir a um ERR."""

import solution


class Client(solution.Client):
    def send(self, text):
        super().send(text)
        if text.startswith("ERR"):
            raise ConnectionAbortedError


solution.Client = Client
solution.main()
