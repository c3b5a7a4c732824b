# Demand 8, check in_order.
"""Corta a média às centésimas, em vez de a arredondar."""

import math

import solution


class Sensor(solution.Sensor):
    def report(self, name):
        before, _ = super().report(name).split(" mean=")
        mean = self.sum / max(len(self.numbers), 1)
        return f"{before} mean={math.floor(mean * 100 + 1e-9) / 100:.2f}"


solution.Sensor = Sensor
solution.main()
