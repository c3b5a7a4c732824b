# Demand 4, check duplicated.
"""Um duplicado também conta como recebido."""

import solution


class Sensor(solution.Sensor):
    def report(self, name):
        text = super().report(name)
        received = len(self.numbers)
        return text.replace(
            f"received={received} ", f"received={received + self.duplicated} "
        )


solution.Sensor = Sensor
solution.main()
