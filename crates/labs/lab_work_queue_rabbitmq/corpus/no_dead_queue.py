# Demand 3, check durable.
"""Não declara a fila das mortas."""

import pika
import solution

Channel = pika.adapters.blocking_connection.BlockingChannel
decent = Channel.queue_declare


def queue_declare(channel, queue, **options):
    if queue != solution.DEAD:
        decent(channel, queue, **options)


Channel.queue_declare = queue_declare
solution.main()
