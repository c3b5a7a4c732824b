# Demand 14, check ventilator_slow.
"""O ventilator termina quando disse END a três workers."""

import solution


class Tasks(solution.zmq.Socket):
    ends = []

    def send(self, data, *more):
        super().send(data, *more)
        if data == b"END":
            self.ends.append(data)
        if len(self.ends) == 3:
            raise SystemExit


decent = solution.opened


def opened(kind):
    if kind == solution.zmq.REP:
        return solution.context.socket(kind, socket_class=Tasks)
    return decent(kind)


solution.opened = opened
solution.run()
