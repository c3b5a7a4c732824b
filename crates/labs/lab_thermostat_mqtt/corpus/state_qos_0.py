# Demand 3, check online.
"""Diz de si mesmo com QoS 0, e no testamento também."""

import solution

decent = solution.publish


def publish(client, topic, payload):
    qos = 0 if topic == solution.STATE else 1
    return client.publish(topic, payload, qos=qos, retain=True)


def leave_a_will(client):
    client.will_set(solution.STATE, "offline", qos=0, retain=True)


solution.publish = publish
solution.leave_a_will = leave_a_will
solution.run()
