# Demand 6, check hysteresis.
"""À primeira medida de uma zona, dá sempre uma ordem."""

import solution


def on_message(client, userdata, message):
    zone = message.topic.split("/")[1]
    new = solution.order(message.payload)
    if new is None and zone not in solution.orders:
        new = "OFF"
    if new is not None and new != solution.orders.get(zone):
        solution.orders[zone] = new
        topic = f"fabrica/{zone}/aquecimento"
        solution.publish(client, topic, new)


solution.on_message = on_message
solution.run()
