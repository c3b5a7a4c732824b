# Demand 12, check ctrl_c.
"""Com Ctrl-C, publica o resultado e não confirma a peça."""

import solution


def do(channel, method, name, dots):
    solution.work(channel, dots)
    solution.publish(channel, solution.result(name, method.redelivered))
    if not solution.stopping:
        channel.basic_ack(method.delivery_tag)


solution.do = do
solution.main()
