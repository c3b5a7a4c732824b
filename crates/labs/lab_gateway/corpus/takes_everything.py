# Demand 1, check live.
"""Toma por valor tudo o que se publica sobre um sensor."""

import solution


def on_connect(client, userdata, flags, reason_code, properties):
    client.subscribe("fabrica/+/+", qos=1)


solution.on_connect = on_connect
solution.run()
