"""Quando o broker volta, só repete as ordens antigas depois de dar as novas."""

import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import solution


def repeat(client, zones):
    for zone in zones:
        topic = f"fabrica/{zone}/aquecimento"
        solution.publish(client, topic, solution.orders[zone])


def on_connect(client, userdata, flags, reason_code, properties):
    client.subscribe(solution.TEMPERATURES, qos=1)
    solution.publish(client, solution.STATE, "online")
    # As que já deu: na primeira ligação, nenhuma.
    zones = list(solution.orders)
    threading.Timer(0.3, repeat, [client, zones]).start()


solution.on_connect = on_connect
solution.run()
