"""Confirma depois do trabalho, mas antes de o resultado estar publicado."""

import solution


def do(channel, method, name, dots):
    solution.work(channel, dots)
    channel.basic_ack(method.delivery_tag)
    solution.publish(channel, solution.result(name, method.redelivered))


solution.do = do
solution.main()
