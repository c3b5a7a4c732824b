"""Só se lembra da ordem da última zona."""

import solution


class Last(dict):
    def __setitem__(self, zone, order):
        self.clear()
        super().__setitem__(zone, order)


solution.orders = Last()
solution.run()
