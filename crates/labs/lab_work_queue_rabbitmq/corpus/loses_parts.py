# Demand 7, check many.
"""Confirma a mensagem assim que a recebe."""

import solution


def do(channel, method, name, dots):
    channel.basic_ack(method.delivery_tag)
    solution.work(channel, dots)
    solution.publish(channel, solution.result(name, method.redelivered))


solution.do = do
solution.main()
