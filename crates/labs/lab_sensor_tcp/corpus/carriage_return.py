# Demand 1, check set_get.
"""Acaba as linhas em «\\r\\n»."""

import solution


class Client(solution.Client):
    def send(self, text):
        self.wfile.write(text.encode() + b"\r\n")


solution.Client = Client
solution.main()
