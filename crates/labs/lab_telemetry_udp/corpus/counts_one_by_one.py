# Demand 13, check big_numbers.
"""Conta um a um os números que faltam, em cada salto."""

import solution


class Sensor(solution.Sensor):
    def take(self, number, value):
        missing = 0
        for candidate in range(self.highest + 1, number):
            if candidate not in self.numbers:
                missing += 1
        super().take(number, value)


solution.Sensor = Sensor
solution.main()
