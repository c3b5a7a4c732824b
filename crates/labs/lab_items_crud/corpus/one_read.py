# Demand 13, check delivery.
"""Lê do corpo só o que vier na primeira leitura."""

import solution


class Client(solution.Client):
    def handle_request(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read1(length) if length else b""
        try:
            self.route(body)
        except solution.Refused as refused:
            self.answer(refused.args[0], {"error": str(refused)})

    do_GET = do_POST = do_PUT = do_DELETE = handle_request


solution.Client = Client
solution.main()
