# Demand 15, check ventilator_garbage.
"""Não responde ao pedido que não percebe, e um REP tem de responder."""

import solution

decent = solution.opened


def opened(kind):
    socket = decent(kind)
    send = socket.send
    socket.send = lambda text: None if text.startswith(b"ERR") else send(text)
    return socket


solution.opened = opened
solution.run()
