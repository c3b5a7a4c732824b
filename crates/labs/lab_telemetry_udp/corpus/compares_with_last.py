# Demand 7, check out_of_order.
"""Compara com o número anterior, e não com o maior."""

import solution


class Sensor(solution.Sensor):
    last = 0

    def take(self, number, value):
        late, new = self.out_of_order, number not in self.numbers
        super().take(number, value)
        self.out_of_order = late + (new and number < self.last)
        self.last = number


solution.Sensor = Sensor
solution.main()
