# Demand 14, check reset.
"""Um erro num cliente termina o servidor."""

import os

import solution


class Client(solution.Client):
    def handle(self):
        try:
            self.serve()
        except OSError:
            os._exit(3)


solution.Client = Client
solution.main()
