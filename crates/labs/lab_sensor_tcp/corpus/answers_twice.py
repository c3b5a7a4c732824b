# Demand 7, check joined.
"""Responde duas vezes a uma linha que chega em duas partes."""

import solution


class Client(solution.Client):
    def serve(self):
        waiting = b""
        while data := self.request.recv(65_536):
            times = 2 if waiting else 1
            *lines, waiting = (waiting + data).split(b"\n")
            for line in lines:
                for _ in range(times):
                    self.send(solution.answer(line))
                times = 1


solution.Client = Client
solution.main()
