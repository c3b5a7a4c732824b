# Demand 8, check repeated.
"""Esquece-se de que o resultado de uma peça repetida também é persistente."""

import pika
import solution

decent = solution.publish


def publish(channel, result):
    if not result.endswith(" REPETIDA"):
        return decent(channel, result)
    mode = pika.BasicProperties(delivery_mode=1)
    channel.basic_publish("", solution.DONE, result, mode)


solution.publish = publish
solution.main()
