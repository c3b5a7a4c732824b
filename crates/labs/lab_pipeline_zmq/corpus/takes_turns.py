# Demand 13, check ventilator_slow.
"""O ventilator reparte à vez: só atende um worker depois do anterior."""

import solution

zmq = solution.zmq


class Turns:
    """Um ROUTER que responde pela ordem em que os workers chegaram."""

    def __init__(self, router):
        self.router = router
        self.order = []
        self.questions = {}

    def bind(self, endpoint):
        self.router.bind(endpoint)

    def poll(self, timeout):
        while self.router.poll(timeout):
            worker, _, *frames = self.router.recv_multipart()
            if worker not in self.order:
                self.order.append(worker)
            self.questions[worker] = frames
            timeout = 0
        return bool(self.order) and self.order[0] in self.questions

    def recv_multipart(self):
        return self.questions.pop(self.order[0])

    def send(self, answer):
        worker = self.order.pop(0)
        self.router.send_multipart([worker, b"", answer])
        if answer.startswith(b"TASK"):
            self.order.append(worker)
        elif answer.startswith(b"ERR"):
            self.order.insert(0, worker)


decent = solution.opened


def opened(kind):
    if kind == zmq.REP and solution.sys.argv[2] == "ventilator":
        return Turns(decent(zmq.ROUTER))
    return decent(kind)


solution.opened = opened
solution.run()
