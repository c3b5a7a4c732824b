"""Receives from an exchange: URL, kind of exchange and binding keys."""

import sys

import pika


def received(channel, method, properties, body):
    print(f"{method.routing_key}: {body.decode()}")
    channel.basic_ack(method.delivery_tag)


url, kind, *keys = sys.argv[1:]
connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
exchange = f"aula.{kind}"
channel.exchange_declare(exchange, kind, durable=True)
queue = channel.queue_declare("", exclusive=True).method.queue
for key in keys or [""]:
    channel.queue_bind(queue, exchange, key)
channel.basic_consume(queue, received)
print(f"À espera de mensagens da troca «{exchange}»")
channel.start_consuming()
