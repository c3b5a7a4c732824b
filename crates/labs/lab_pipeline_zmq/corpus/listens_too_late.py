# Demand 8, check sink_order.
"""O sink só escuta os resultados depois de ter o lote."""

import solution

zmq = solution.zmq
decent = solution.opened


class Results(zmq.Socket):
    def bind(self, endpoint):
        Results.later = lambda: super(Results, self).bind(endpoint)


class Batches(zmq.Socket):
    def recv_multipart(self):
        Results.later()
        return super().recv_multipart()


def opened(kind):
    kinds = {zmq.PULL: Results, zmq.REP: Batches}
    if kind in kinds:
        return solution.context.socket(kind, socket_class=kinds[kind])
    return decent(kind)


solution.opened = opened
solution.run()
