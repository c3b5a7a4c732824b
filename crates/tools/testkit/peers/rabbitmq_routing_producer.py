"""Sends one message: URL, kind of exchange, routing key and message."""

import sys

import pika

url, kind, key, message = sys.argv[1:]
with pika.BlockingConnection(pika.URLParameters(url)) as connection:
    channel = connection.channel()
    channel.confirm_delivery()
    exchange = f"aula.{kind}"
    channel.exchange_declare(exchange, kind, durable=True)
    channel.basic_publish(exchange, key, message.encode(), mandatory=True)
    print(f"Enviada para «{exchange}» com {key}: {message}")
