# Demand 8, check not_found.
"""Perde-se com um id que não é um número, e a ligação cai."""

import solution


class Client(solution.Client):
    def route(self, body):
        if self.path.startswith("/items/"):
            int(self.path.split("/")[2])
        super().route(body)

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except ValueError:
            self.close_connection = True


solution.Client = Client
solution.main()
