# Demand 1, check create_read.
"""Diz por extenso quantos bytes tem o corpo."""

import solution


class Client(solution.Client):
    def answer(self, status, value=None, location=None):
        self.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: dois\r\n\r\n{}")
        self.close_connection = True


solution.Client = Client
solution.main()
