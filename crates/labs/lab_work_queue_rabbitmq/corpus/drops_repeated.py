# Demand 10, check killed.
"""Confirma sem fazer uma peça que já tinha sido entregue."""

import solution

decent = solution.do


def do(channel, method, name, dots):
    if method.redelivered:
        channel.basic_ack(method.delivery_tag)
    else:
        decent(channel, method, name, dots)


solution.do = do
solution.main()
