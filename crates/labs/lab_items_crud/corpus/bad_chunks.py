# Demand 1, check create_read.
"""Conta mal os bytes de cada pedaço."""

import solution


class Client(solution.Client):
    def answer(self, status, value=None, location=None):
        self.wfile.write(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}")
        self.close_connection = True


solution.Client = Client
solution.main()
