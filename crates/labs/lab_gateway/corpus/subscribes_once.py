# Demand 13, check broker_returns.
"""Subscreve na primeira ligação, e nunca mais."""

import solution

decent = solution.on_connect


def on_connect(client, *event):
    decent(client, *event)
    solution.on_connect = lambda *event: None


solution.on_connect = on_connect
solution.run()
