# Demand 6, check duplicated.
"""Conta os números repetidos, e não os datagramas que os repetem."""

import solution


class Sensor(solution.Sensor):
    def __init__(self):
        super().__init__()
        self.again = set()

    def take(self, number, value):
        if number in self.numbers:
            self.again.add(number)
        super().take(number, value)
        self.duplicated = len(self.again)


solution.Sensor = Sensor
solution.main()
