# Demand 6, check poisoned.
"""Publica nas mortas o que não é uma peça, e confirma-o."""

import solution

decent = solution.handle


def handle(channel, method, body):
    if solution.part(body) is not None:
        decent(channel, method, body)
        return
    channel.basic_publish("", solution.DEAD, body)
    channel.basic_ack(method.delivery_tag)


solution.handle = handle
solution.main()
