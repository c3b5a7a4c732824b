# Demand 5, check out_of_order.
"""Conta os perdidos em cada salto, e não os tira quando chegam tarde."""

import solution


class Sensor(solution.Sensor):
    gaps = 0

    def take(self, number, value):
        self.gaps += max(0, number - self.highest - 1)
        super().take(number, value)

    def lost(self):
        return self.gaps


solution.Sensor = Sensor
solution.main()
