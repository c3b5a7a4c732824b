# Demand 4, check does_parts.
"""Publica o resultado noutra fila."""

import solution

decent = solution.prepare


def prepare(channel):
    decent(channel)
    channel.queue_declare("feitas")


def publish(channel, result):
    channel.basic_publish("", "feitas", result)


solution.prepare = prepare
solution.publish = publish
solution.main()
