# Demand 3, check create_read.
"""Dá uma lista com a peça, em vez da peça."""

import solution


class Client(solution.Client):
    def answer(self, status, value=None, location=None):
        if self.command == "GET" and status == 200 and "id" in value:
            value = [value]
        super().answer(status, value, location)


solution.Client = Client
solution.main()
