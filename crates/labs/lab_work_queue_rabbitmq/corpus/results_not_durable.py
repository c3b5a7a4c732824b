# Demand 2, check durable.
"""A fila dos resultados não é durável."""

import pika
import solution

Channel = pika.adapters.blocking_connection.BlockingChannel
decent = Channel.queue_declare


def queue_declare(channel, queue, **options):
    if queue == solution.DONE:
        options["durable"] = False
    decent(channel, queue, **options)


Channel.queue_declare = queue_declare
solution.main()
