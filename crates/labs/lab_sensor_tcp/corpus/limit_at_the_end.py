# Demand 10, check endless_line.
"""Só vê o tamanho de uma linha depois de a ter toda."""

import solution


class Client(solution.Client):
    def read_line(self):
        line = self.rfile.readline()
        return line if len(line) <= solution.MAX_LINE else line[:-1]


solution.Client = Client
solution.main()
