# Demand 1, check set_get.
"""Não acaba as respostas em «\\n»."""

import solution


class Client(solution.Client):
    def send(self, text):
        self.wfile.write(text.encode())


solution.Client = Client
solution.main()
