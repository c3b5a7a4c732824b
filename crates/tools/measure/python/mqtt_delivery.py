"""Publishes messages to a topic that it subscribes to itself, no more than a
window of them at once: how many seconds it takes until all have arrived, and
the broker has confirmed those that it confirms."""

import os
import socket
import sys
import threading
import time

import paho.mqtt.client as mqtt

port, qos, count, window = (int(word) for word in sys.argv[1:5])
topic = f"measure_{os.getpid()}"
on_the_way = threading.Semaphore(window)
subscribed = threading.Event()
arrived = threading.Event()
received = 0


def on_connect(client, userdata, flags, reason, properties):
    client.subscribe(topic, qos)


def on_subscribe(client, userdata, mid, reasons, properties):
    subscribed.set()


def on_message(client, userdata, message):
    global received
    received += 1
    on_the_way.release()
    if received == count:
        arrived.set()


client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
client.on_connect = on_connect
client.on_subscribe = on_subscribe
client.on_message = on_message
client.connect("127.0.0.1", port)
# paho leaves it to the system to hold small packets back (Nagle's algorithm),
# for up to 40 ms each: that would be all that is measured.
client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
client.loop_start()
if not subscribed.wait(10):
    sys.exit("sem subscrição")
start = time.perf_counter()
for _ in range(count):
    on_the_way.acquire()
    last = client.publish(topic, "21.57", qos)
last.wait_for_publish(30)
if not arrived.wait(30):
    sys.exit(f"chegaram {received} de {count}")
print(time.perf_counter() - start)
client.disconnect()
client.loop_stop()
