# Demand 1, check location.
"""Não diz onde ficou a peça que criou."""

import solution


class Client(solution.Client):
    def answer(self, status, value=None, location=None):
        super().answer(status, value)


solution.Client = Client
solution.main()
