# Demand 1, check create_read.
"""Não põe uma linha vazia no fim do cabeçalho."""

import solution


class Client(solution.Client):
    def answer(self, status, value=None, location=None):
        self.wfile.write(b"HTTP/1.1 201 Created\r\n")
        self.close_connection = True


solution.Client = Client
solution.main()
