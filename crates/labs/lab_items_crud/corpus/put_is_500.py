# Demand 6, check bad_json.
"""No PUT, um corpo que não é JSON é um erro do servidor."""

import solution


class Client(solution.Client):
    def answer(self, status, value=None, location=None):
        if self.command == "PUT" and status == 400:
            status = 500
        super().answer(status, value, location)


solution.Client = Client
solution.main()
