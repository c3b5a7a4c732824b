# Demand 12, check ctrl_c.
"""Com Ctrl-C, ainda faz tudo o que está na fila."""

import pika
import solution


def serve(url):
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    solution.prepare(channel)
    consuming = channel.consume(solution.PARTS, inactivity_timeout=0.1)
    for method, _, body in consuming:
        if method is not None:
            solution.handle(channel, method, body)
        elif solution.stopping:
            break
    channel.cancel()
    connection.close()


solution.serve = serve
solution.main()
