# Demand 7, check joined.
"""Trata cada SET numa thread, e de vez em quando um demora."""

import threading
import time

import solution


class Client(solution.Client):
    count = 0

    def serve(self):
        while line := self.read_line():
            if not line.endswith(b"\n"):
                self.send("ERR linha sem fim")
                return
            if line.startswith(b"SET"):
                Client.count += 1
                slow = 0.5 if Client.count % 8 == 0 else 0
                one = threading.Thread(target=self.reply, args=(line, slow))
                one.start()
                if slow:
                    continue
                one.join()
            else:
                self.reply(line, 0)

    def reply(self, line, slow):
        time.sleep(slow)
        try:
            self.send(solution.answer(line[:-1]))
        except OSError:
            pass


solution.Client = Client
solution.main()
