# Demand 8, check duplicated.
"""Um duplicado também entra na média."""

import solution


class Sensor(solution.Sensor):
    def take(self, number, value):
        if number in self.numbers:
            self.sum += value
        super().take(number, value)


solution.Sensor = Sensor
solution.main()
