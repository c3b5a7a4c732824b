# Demand 4, check shuffled.
"""Só se lembra dos últimos trinta números de cada sensor."""

import solution


class Sensor(solution.Sensor):
    def take(self, number, value):
        super().take(number, value)
        while len(self.numbers) > 30:
            self.numbers.remove(min(self.numbers))


solution.Sensor = Sensor
solution.main()
