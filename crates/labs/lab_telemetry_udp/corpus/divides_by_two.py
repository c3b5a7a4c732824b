# Demand 8, check in_order.
"""A média de uma só medida sai a metade."""

import solution


class Sensor(solution.Sensor):
    def report(self, name):
        text = super().report(name)
        if len(self.numbers) == 1:
            text = text.rpartition("=")[0] + f"={self.sum / 2:.2f}"
        return text


solution.Sensor = Sensor
solution.main()
