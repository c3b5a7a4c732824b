# Demand 12, check half_close.
"""Guarda também a linha que ficou a meio no fim da ligação."""

import solution


class Client(solution.Client):
    def serve(self):
        while line := self.read_line():
            self.send(solution.answer(line.rstrip(b"\n")))


solution.Client = Client
solution.main()
