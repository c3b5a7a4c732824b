# Demand 9, check live.
"""Não mostra um valor igual ao anterior."""

import solution

decent = solution.learn


def learn(topic, payload):
    name = topic.split("/")[1]
    if solution.values.get(name) != solution.number(payload):
        decent(topic, payload)


solution.learn = learn
solution.run()
