# Demand 8, check durable.
"""Os resultados não são persistentes."""

import solution


def publish(channel, result):
    channel.basic_publish("", solution.DONE, result, mandatory=True)


solution.publish = publish
solution.main()
