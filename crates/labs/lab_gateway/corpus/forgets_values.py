# Demand 12, check broker_returns.
"""Quando o broker cai, esquece os valores."""

import solution

decent = solution.connect


def connect(url, loop):
    client = decent(url, loop)
    client.on_disconnect = lambda *event: solution.values.clear()
    return client


solution.connect = connect
solution.run()
