"""Publishes messages to a queue of its own: how many seconds it takes until
the broker has them all."""

import sys
import time

import pika

url, how, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
connection = pika.BlockingConnection(pika.URLParameters(url))
channel = connection.channel()
queue = channel.queue_declare("", exclusive=True).method.queue
if how == "confirmed":
    channel.confirm_delivery()
properties = pika.BasicProperties(delivery_mode=1)
start = time.perf_counter()
for _ in range(count):
    channel.basic_publish("", queue, b"21.57", properties)
while True:
    declared = channel.queue_declare(queue, passive=True)
    if declared.method.message_count == count:
        break
print(time.perf_counter() - start)
connection.close()
