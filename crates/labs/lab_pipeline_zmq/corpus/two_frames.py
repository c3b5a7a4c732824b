# Demand 2, check worker_task.
"""Envia cada resultado em dois frames."""

import solution

decent = solution.opened


class Results:
    def __init__(self, socket):
        self.socket = socket

    def send(self, data):
        self.socket.send_multipart(data.rsplit(b" ", 1))

    def connect(self, endpoint):
        self.socket.connect(endpoint)


def opened(kind, linger=None):
    socket = decent(kind, linger)
    return Results(socket) if kind == solution.zmq.PUSH else socket


solution.opened = opened
solution.run()
