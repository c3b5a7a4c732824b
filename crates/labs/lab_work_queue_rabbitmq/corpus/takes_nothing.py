# Demand 9, check prefetch.
"""Subscreve a fila, e logo a seguir deixa de a subscrever."""

import pika
import solution


def serve(url):
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    solution.prepare(channel)
    channel.basic_cancel(channel.basic_consume(solution.PARTS, print))
    while not solution.stopping:
        connection.sleep(0.1)
    connection.close()


solution.serve = serve
solution.main()
