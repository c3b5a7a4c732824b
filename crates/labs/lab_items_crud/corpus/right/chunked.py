"""Responde em pedaços, com extensões e com um cabeçalho no fim."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import solution


class Client(solution.Client):
    def answer(self, status, value=None, location=None):
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        if value is None:
            self.end_headers()
            return
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "Chunked")
        self.end_headers()
        body = json.dumps(value, ensure_ascii=False).encode()
        middle = len(body) // 2
        for part in body[:middle], body[middle:]:
            if part:
                self.wfile.write(b"%X;parte=sim\r\n%s\r\n" % (len(part), part))
        self.wfile.write(b"0\r\nX-Fim: sim\r\n\r\n")


solution.Client = Client
solution.main()
