"""Receives from the lesson's queue: URL in the first argument."""

import sys

import pika


def received(channel, method, properties, body):
    print("Recebida:", body, "modo", properties.delivery_mode)
    channel.basic_ack(method.delivery_tag)


connection = pika.BlockingConnection(pika.URLParameters(sys.argv[1]))
channel = connection.channel()
channel.queue_declare(
    "tarefas", durable=True, arguments={"x-queue-type": "quorum"}
)
channel.basic_qos(prefetch_count=1)
channel.basic_consume("tarefas", received)
channel.start_consuming()
