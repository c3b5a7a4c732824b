"""The MQTT publisher of the lecture's slide, for as many temperatures as there
are arguments after HOST:PORT, at QoS 0, 1, 2, 0, ... in turn.
"""

import sys

import paho.mqtt.client as mqtt

client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
host, port = sys.argv[1].rsplit(":", 1)
client.connect(host, int(port), 60)
client.loop_start()
for count, temperature in enumerate(sys.argv[2:]):
    print("A publicar:", temperature)
    sent = client.publish(
        "myhome/livingroom/temperature", payload=temperature, qos=count % 3
    )
    sent.wait_for_publish(20)
client.disconnect()
client.loop_stop()
print("Publicação parada")
