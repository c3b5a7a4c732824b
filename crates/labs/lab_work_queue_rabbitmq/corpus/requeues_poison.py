# Demand 6, check poisoned.
"""Devolve à fila o que não é uma peça."""

import solution


def refuse(channel, tag):
    channel.basic_reject(tag, requeue=True)


solution.refuse = refuse
solution.main()
