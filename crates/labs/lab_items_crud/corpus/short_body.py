# Demand 12, check accents.
"""Content-Length é um a mais do que o corpo."""

import solution


class Client(solution.Client):
    def send_header(self, name, value):
        if name == "Content-Length":
            value = str(int(value) + 1)
        super().send_header(name, value)


solution.Client = Client
solution.main()
