# Demand 14, check reset.
"""Quando um cliente desaparece, esquece os valores de todos."""

import solution


class Client(solution.Client):
    def handle(self):
        try:
            self.serve()
        except OSError:
            solution.values.clear()


solution.Client = Client
solution.main()
