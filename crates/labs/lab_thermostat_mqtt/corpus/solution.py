"""O exercício 6 em Python, com a biblioteca `paho-mqtt`."""

import math
import sys
import time
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt

TEMPERATURES = "fabrica/+/temperatura"
STATE = "fabrica/termostato/estado"

orders = {}


def order(payload):
    """A ordem que uma medida pede, se é uma medida e se pede alguma."""
    try:
        celsius = float(payload)
    except ValueError:
        return None
    if math.isfinite(celsius) and celsius < 19.0:
        return "ON"
    if math.isfinite(celsius) and celsius > 21.0:
        return "OFF"
    return None


def publish(client, topic, payload):
    return client.publish(topic, payload, qos=1, retain=True)


def leave_a_will(client):
    client.will_set(STATE, "offline", qos=1, retain=True)


def on_connect(client, userdata, flags, reason_code, properties):
    # Em cada ligação: um broker que foi reiniciado já não sabe nada.
    client.subscribe(TEMPERATURES, qos=1)
    publish(client, STATE, "online")
    for zone, last in orders.items():
        publish(client, f"fabrica/{zone}/aquecimento", last)


def on_message(client, userdata, message):
    zone = message.topic.split("/")[1]
    new = order(message.payload)
    if new is not None and new != orders.get(zone):
        orders[zone] = new
        publish(client, f"fabrica/{zone}/aquecimento", new)


def leave(client):
    publish(client, STATE, "offline").wait_for_publish(1)


def run():
    url = urlsplit(sys.argv[1])
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.reconnect_delay_set(1, 1)
    client.on_connect = lambda *event: on_connect(*event)
    client.on_message = lambda *event: on_message(*event)
    leave_a_will(client)
    client.connect(url.hostname, url.port)
    # A biblioteca trata da rede, e de ligar outra vez, noutra thread.
    client.loop_start()
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        pass
    leave(client)
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    run()
