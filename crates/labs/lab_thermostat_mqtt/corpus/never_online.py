# Demand 9, check online.
"""Não diz que está online."""

import solution

decent = solution.publish


def publish(client, topic, payload):
    if payload != "online":
        return decent(client, topic, payload)


solution.publish = publish
solution.run()
