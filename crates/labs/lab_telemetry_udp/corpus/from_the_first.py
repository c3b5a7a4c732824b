# Demand 5, check lost.
"""Conta os perdidos a partir do primeiro que chegou, e não de 1."""

import solution


class Sensor(solution.Sensor):
    def lost(self):
        return self.highest - min(self.numbers, default=1) + 1 - len(
            self.numbers
        )


solution.Sensor = Sensor
solution.main()
