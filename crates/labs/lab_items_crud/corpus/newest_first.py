# Demand 2, check list.
"""Dá a lista das peças com as mais novas primeiro."""

import solution


class Items(dict):
    def values(self):
        return reversed(super().values())


solution.items = Items()
solution.main()
