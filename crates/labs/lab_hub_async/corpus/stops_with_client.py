# Demand 11, check reset.
"""Quando um ecrã se vai, deixa de mostrar valores aos outros."""

import solution


class Displays(set):
    def discard(self, writer):
        self.clear()


solution.displays = Displays()
solution.run()
