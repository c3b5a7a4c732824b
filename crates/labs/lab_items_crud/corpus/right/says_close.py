"""Diz em cada resposta que fecha a ligação, com nomes em minúsculas, depois de
uma resposta provisória (103)."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import solution


class Client(solution.Client):
    def answer(self, *response):
        self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n")
        super().answer(*response)

    def send_header(self, name, value):
        super().send_header(name.lower(), value)

    def end_headers(self):
        self.send_header("connection", "Close")
        self.close_connection = True
        super().end_headers()


solution.Client = Client
solution.main()
