# Demand 12, check accents.
"""Content-Length em caracteres, e o JSON com acentos."""

import json

import solution


class Client(solution.Client):
    def answer(self, status, value=None, location=None):
        text = "" if value is None else json.dumps(value, ensure_ascii=False)
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        if value is not None:
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


solution.Client = Client
solution.main()
