# Demand 7, check zones.
"""Compara com a última ordem, seja ela de que zona for."""

import solution


class Last(dict):
    last = None

    def get(self, zone):
        return self.last if zone in self else None

    def __setitem__(self, zone, order):
        self.last = order
        super().__setitem__(zone, order)


solution.orders = Last()
solution.run()
