# Demand 2, check list.
"""Ordena os `id` como textos: o 10 antes do 2."""

import solution


class Items(dict):
    def values(self):
        return [self[id] for id in sorted(self, key=str)]


solution.items = Items()
solution.main()
