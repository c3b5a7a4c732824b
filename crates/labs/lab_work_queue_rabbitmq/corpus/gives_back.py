# Demand 10, check many.
"""Devolve à fila cada peça feita, e volta a fazê-la sem o dizer."""

import solution


def do(channel, method, name, dots):
    solution.work(channel, dots)
    solution.publish(channel, name)
    if method.redelivered:
        channel.basic_ack(method.delivery_tag)
    else:
        channel.basic_nack(method.delivery_tag)


solution.do = do
solution.main()
