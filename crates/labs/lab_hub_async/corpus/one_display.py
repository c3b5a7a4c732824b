# Demand 1, check everyone.
"""Só o último ecrã que se ligou recebe os valores."""

import solution


class Displays(set):
    def add(self, writer):
        self.clear()
        super().add(writer)


solution.displays = Displays()
solution.run()
