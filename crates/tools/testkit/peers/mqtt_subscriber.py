"""The MQTT subscriber of the lecture's slide: HOST:PORT in the first argument.

It says when the broker has accepted the subscription, and takes QoS 2.
"""

import sys

import paho.mqtt.client as mqtt

TOPIC = "myhome/livingroom/temperature"


def on_connect(client, userdata, flags, reason_code, properties):
    print("Ligado com o código de resultado", reason_code.value)
    client.subscribe(TOPIC, qos=2)


def on_subscribe(client, userdata, mid, reason_codes, properties):
    print(f"Subscrito a '{TOPIC}'")


def on_message(client, userdata, message):
    print(
        f"Tópico: {message.topic} | Mensagem: {message.payload.decode()}"
        f" | QoS: {message.qos} | Retida: {message.retain}"
    )


client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
client.on_connect = on_connect
client.on_subscribe = on_subscribe
client.on_message = on_message
host, port = sys.argv[1].rsplit(":", 1)
client.connect(host, int(port), 60)
client.loop_forever()
