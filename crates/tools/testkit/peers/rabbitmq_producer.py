"""Sends messages to the lesson's queue: URL and messages in the arguments."""

import sys

import pika

url, *messages = sys.argv[1:]
with pika.BlockingConnection(pika.URLParameters(url)) as connection:
    channel = connection.channel()
    channel.confirm_delivery()
    channel.queue_declare(
        "tarefas", durable=True, arguments={"x-queue-type": "quorum"}
    )
    for message in messages:
        channel.basic_publish(
            "",
            "tarefas",
            message.encode(),
            pika.BasicProperties(delivery_mode=2),
            mandatory=True,
        )
        print("Enviada:", message)
