# Demand 1, check set_get.
"""Responde em minúsculas."""

import solution


class Client(solution.Client):
    def send(self, text):
        super().send(text.lower())


solution.Client = Client
solution.main()
