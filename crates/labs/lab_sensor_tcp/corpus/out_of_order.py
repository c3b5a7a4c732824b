# Demand 7, check joined.
"""Responde a cada linha numa thread, e um GET não espera pelo SET."""

import threading
import time

import solution


class Client(solution.Client):
    def serve(self):
        while line := self.read_line():
            if not line.endswith(b"\n"):
                self.send("ERR linha sem fim")
                return
            one = threading.Thread(target=self.reply, args=(line[:-1],))
            one.start()
            if not line.startswith(b"SET"):
                one.join()

    def reply(self, line):
        if line.startswith(b"SET"):
            time.sleep(0.3)
        try:
            self.send(solution.answer(line))
        except OSError:
            pass


solution.Client = Client
solution.main()
