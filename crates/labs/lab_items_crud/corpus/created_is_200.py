# Demand 1, check create_read.
"""Cria peças com 200, em vez de 201."""

import solution


class Client(solution.Client):
    def answer(self, status, value=None, location=None):
        super().answer(200 if status == 201 else status, value, location)


solution.Client = Client
solution.main()
