# Demand 7, check repeated.
"""Nunca confirma uma peça."""

import solution


def do(channel, method, name, dots):
    solution.work(channel, dots)
    solution.publish(channel, solution.result(name, method.redelivered))


solution.do = do
solution.main()
