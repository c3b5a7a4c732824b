# Demand 7, check repeated.
"""Confirma a peça, e só depois publica o resultado."""

import solution


def do(channel, method, name, dots):
    solution.work(channel, dots)
    channel.basic_ack(method.delivery_tag)
    solution.publish(channel, solution.result(name, method.redelivered))


solution.do = do
solution.main()
