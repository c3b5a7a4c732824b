# Demand 5, check delete.
"""Apaga com 200, e devolve a peça."""

import solution


class Client(solution.Client):
    def answer(self, status, value=None, location=None):
        if status == 204:
            status, value = 200, {"deleted": True}
        super().answer(status, value, location)


solution.Client = Client
solution.main()
