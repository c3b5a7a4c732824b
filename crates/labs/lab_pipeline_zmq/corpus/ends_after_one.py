# Demand 14, check ventilator_slow.
"""Depois do END do sink, o ventilator só o diz ao primeiro que vem pedir."""

import solution

decent = solution.opened


class Workers:
    """O socket dos pedidos: depois de um, no fim, dá-se por satisfeito."""

    asked = False

    def __init__(self, socket):
        self.socket = socket

    def poll(self, limit):
        at_end = limit == int(solution.QUIET * 1000)
        if at_end and self.asked:
            return 0
        ready = self.socket.poll(limit)
        self.asked = self.asked or at_end and ready
        return ready

    def __getattr__(self, name):
        return getattr(self.socket, name)


def opened(kind, linger=None):
    socket = decent(kind, linger)
    return Workers(socket) if kind == solution.zmq.REP else socket


if "ventilator" in solution.sys.argv:
    solution.opened = opened
solution.run()
