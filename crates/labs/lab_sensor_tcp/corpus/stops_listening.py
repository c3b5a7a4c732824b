# Demand 8, check set_get.
"""Deixa de escutar quando tem um cliente."""

import solution


class Server(solution.Server):
    def process_request(self, request, address):
        self.socket.close()
        super().process_request(request, address)


solution.Server = Server
solution.main()
