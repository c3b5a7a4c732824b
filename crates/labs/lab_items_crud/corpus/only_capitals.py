# Demand 13, check delivery.
"""Só conhece os cabeçalhos escritos com as maiúsculas do costume."""

import solution


class Client(solution.Client):
    def handle_request(self):
        names = self.headers.keys()
        if "content-length" in names:
            del self.headers["Content-Length"]
            self.close_connection = True
        super().handle_request()

    do_GET = do_POST = do_PUT = do_DELETE = handle_request


solution.Client = Client
solution.main()
