# Demand 3, check qos.
"""Publica sem pedir confirmação."""

import solution


def publish(client, topic, payload):
    return client.publish(topic, payload, qos=0, retain=True)


solution.publish = publish
solution.run()
