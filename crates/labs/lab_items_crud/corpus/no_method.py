# Demand 9, check method.
"""Um verbo que um caminho não tem é 404."""

import solution


class Client(solution.Client):
    def answer(self, status, value=None, location=None):
        super().answer(404 if status == 405 else status, value, location)


solution.Client = Client
solution.main()
