# Demand 2, check retained.
"""As ordens não ficam no broker."""

import solution


def publish(client, topic, payload):
    return client.publish(topic, payload, qos=1, retain=topic == solution.STATE)


solution.publish = publish
solution.run()
