"""What an administrator does: URL, then `delete` the lesson's queue, or declare
it as a `classic` one, or the `exchange` as one of another kind."""

import sys

import pika

url, action = sys.argv[1:]
with pika.BlockingConnection(pika.URLParameters(url)) as connection:
    channel = connection.channel()
    if action == "delete":
        channel.queue_delete("tarefas")
    elif action == "classic":
        channel.queue_declare("tarefas", durable=True)
    elif action == "exchange":
        channel.exchange_declare("aula.direct", "fanout", durable=True)
