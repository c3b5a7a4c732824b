"""Quando o broker volta, só repete as ordens antigas depois de dar as novas."""

import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import solution


def repeat(client):
    for zone, last in list(solution.orders.items()):
        solution.publish(client, f"fabrica/{zone}/aquecimento", last)


def on_connect(client, userdata, flags, reason_code, properties):
    client.subscribe(solution.TEMPERATURES, qos=1)
    solution.publish(client, solution.STATE, "online")
    threading.Timer(0.3, repeat, [client]).start()


solution.on_connect = on_connect
solution.run()
