# Demand 11, check half_close.
"""Vai-se com o cliente que acabou de enviar, e não lhe responde."""

import select
import socket

import solution


class Client(solution.Client):
    def send(self, text):
        readable, _, _ = select.select([self.request], [], [], 1)
        if readable and not self.request.recv(1, socket.MSG_PEEK):
            raise ConnectionAbortedError
        super().send(text)


solution.Client = Client
solution.main()
