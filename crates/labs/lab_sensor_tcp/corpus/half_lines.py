# Demand 6, check pieces.
"""Separa as linhas que vêm juntas, mas não junta as que vêm aos pedaços."""

import solution


class Client(solution.Client):
    def serve(self):
        while data := self.request.recv(4096):
            if len(data) > solution.MAX_LINE:
                self.send("ERR linha sem fim")
                return
            for line in data.splitlines():
                self.send(solution.answer(line))


solution.Client = Client
solution.main()
