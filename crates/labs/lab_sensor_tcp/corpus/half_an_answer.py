# Demand 1, check set_get.
"""Envia só o princípio da resposta."""

import solution


class Client(solution.Client):
    def send(self, text):
        self.wfile.write(text[:1].encode())


solution.Client = Client
solution.main()
