# Demand 6, check joined.
"""Junta os pedaços, mas só vê a primeira das linhas que vêm juntas."""

import solution


class Client(solution.Client):
    def read_line(self):
        data = b""
        while not data.endswith(b"\n") and len(data) < solution.MAX_LINE:
            more = self.request.recv(4096)
            if not more:
                break
            data += more
        first, end, _ = data.partition(b"\n")
        return first + end


solution.Client = Client
solution.main()
