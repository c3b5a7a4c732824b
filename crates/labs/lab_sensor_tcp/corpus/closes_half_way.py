# Demand 1, check set_get.
"""Fecha a ligação a meio da resposta."""

import solution


class Client(solution.Client):
    def send(self, text):
        self.wfile.write(text[:1].encode())
        raise ConnectionAbortedError


solution.Client = Client
solution.main()
