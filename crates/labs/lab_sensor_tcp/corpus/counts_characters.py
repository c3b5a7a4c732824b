# Demand 10, check endless_line.
"""Conta os caracteres de uma linha, e não os bytes."""

import solution


class Client(solution.Client):
    def read_line(self):
        line = self.rfile.readline(4 * solution.MAX_LINE)
        if len(line.decode(errors="replace")) > solution.MAX_LINE:
            return line[: solution.MAX_LINE]
        return line


solution.Client = Client
solution.main()
