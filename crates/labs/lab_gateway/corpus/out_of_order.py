# Demand 9, check burst.
"""Junta os valores durante um instante, e trata primeiro dos mais novos."""

import asyncio

import solution

decent = solution.learn
together = []


def flush():
    while together:
        decent(*together.pop())


def learn(topic, payload):
    if not together:
        asyncio.get_running_loop().call_later(0.02, flush)
    together.append((topic, payload))


solution.learn = learn
solution.run()
