#{
"""O exercício 6 em Python, com a biblioteca `paho-mqtt`."""
#}

#{
import math
#}
import sys
import time
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt

TEMPERATURES = "fabrica/+/temperatura"
STATE = "fabrica/termostato/estado"

#~ # A última ordem de cada zona.
orders = {}


def order(payload):
    """A ordem que uma medida pede, se é uma medida e se pede alguma."""
    #~ # TODO 2: `ON`, `OFF` ou nenhuma. E o que não é um número?
    #{
    try:
        celsius = float(payload)
    except ValueError:
        return None
    if math.isfinite(celsius) and celsius < 19.0:
        return "ON"
    if math.isfinite(celsius) and celsius > 21.0:
        return "OFF"
    #}
    return None


def publish(client, topic, payload):
    return client.publish(topic, payload, qos=1, retain=True)


def leave_a_will(client):
    #~ # TODO 3: deixe um testamento, com `client.will_set`.
    #~ pass
    #{
    client.will_set(STATE, "offline", qos=1, retain=True)
    #}


def on_connect(client, userdata, flags, reason_code, properties):
    # Em cada ligação: um broker que foi reiniciado já não sabe nada.
    #~ # TODO 1: subscreva TEMPERATURES, com QoS 1, e depois publique `online`.
    #~ # TODO 4: e a última ordem de cada zona.
    #~ pass
    #{
    client.subscribe(TEMPERATURES, qos=1)
    publish(client, STATE, "online")
    for zone, last in orders.items():
        publish(client, f"fabrica/{zone}/aquecimento", last)
    #}


def on_message(client, userdata, message):
    #~ # TODO 2: se a temperatura pede uma ordem, e é diferente da última dessa
    #~ # zona, publique-a em `fabrica/ZONA/aquecimento`.
    #~ print(message.topic, message.payload)
    #{
    zone = message.topic.split("/")[1]
    new = order(message.payload)
    if new is not None and new != orders.get(zone):
        orders[zone] = new
        publish(client, f"fabrica/{zone}/aquecimento", new)
    #}


def leave(client):
    #~ # TODO 5: quem sai a bem di-lo: `offline`, antes de se despedir.
    #~ pass
    #{
    publish(client, STATE, "offline").wait_for_publish(1)
    #}


def run():
    #~ url = sys.argv[1] if len(sys.argv) > 1 else "mqtt://127.0.0.1:1883"
    #~ url = urlsplit(url)
    #{
    url = urlsplit(sys.argv[1])
    #}
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.reconnect_delay_set(1, 1)
    client.on_connect = lambda *event: on_connect(*event)
    client.on_message = lambda *event: on_message(*event)
    leave_a_will(client)
    client.connect(url.hostname, url.port)
    #~ print(f"Termóstato ligado a {url.geturl()}")
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
