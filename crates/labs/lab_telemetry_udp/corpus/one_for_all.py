# Demand 10, check sensors.
"""As mesmas contas para todos os sensores."""

import solution

everything = solution.Sensor()


def find(name):
    return everything


solution.find = find
solution.main()
