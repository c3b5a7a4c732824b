# Demand 8, check not_found.
"""Um caminho que não conhece é um erro do servidor."""

import solution


class Client(solution.Client):
    def answer(self, status, value=None, location=None):
        known = self.path == "/nada" or self.path.startswith("/items")
        super().answer(status if known else 500, value, location)


solution.Client = Client
solution.main()
