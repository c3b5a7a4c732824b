# Demand 14, check conflict.
"""Só trata de um cliente de cada vez."""

from http.server import HTTPServer

import solution


class Server(HTTPServer):
    request_queue_size = 128

    def handle_error(self, *_):
        pass


solution.Server = Server
solution.main()
