# Demand 7, check only_changes.
"""Publica uma ordem por cada medida."""

import solution


def on_message(client, userdata, message):
    zone = message.topic.split("/")[1]
    new = solution.order(message.payload)
    if new is not None:
        solution.orders[zone] = new
        solution.publish(client, f"fabrica/{zone}/aquecimento", new)


solution.on_message = on_message
solution.run()
