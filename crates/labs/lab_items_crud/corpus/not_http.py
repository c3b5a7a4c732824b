# Demand 1, check create_read.
"""Responde ao pedido com JSON, e mais nada."""

import solution


class Client(solution.Client):
    def answer(self, status, value=None, location=None):
        self.wfile.write(b'{"id":1}\r\n\r\n')
        self.close_connection = True


solution.Client = Client
solution.main()
