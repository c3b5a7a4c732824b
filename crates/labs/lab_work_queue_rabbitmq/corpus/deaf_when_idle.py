# Demand 12, check ctrl_c.
"""Sem peças, não dá pelo Ctrl-C."""

import pika
import solution


def serve(url):
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    solution.prepare(channel)
    for method, _, body in channel.consume(solution.PARTS):
        solution.handle(channel, method, body)
        if solution.stopping:
            break
    channel.cancel()
    connection.close()


solution.serve = serve
solution.main()
