# Demand 7, check live.
"""Só os três primeiros ecrãs recebem os valores."""

import solution

joined = []


class Screens(set):
    def add(self, screen):
        joined.append(screen)
        if len(joined) <= 3:
            super().add(screen)


solution.screens = Screens()
solution.run()
