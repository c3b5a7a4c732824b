# Demand 8, check not_found.
"""Responde 200 ao que não existe, com um erro no corpo."""

import solution


class Client(solution.Client):
    def answer(self, status, value=None, location=None):
        super().answer(200 if status == 404 else status, value, location)


solution.Client = Client
solution.main()
