"""O exercício 1 em Python, com uma thread por cliente."""

import socketserver
import sys
import threading

MAX_LINE = 1024

values = {}
lock = threading.Lock()


def answer(line):
    """A resposta a uma linha, sem os fins de linha."""
    try:
        words = line.decode().split(" ")
    except UnicodeDecodeError:
        return "ERR não é texto"
    with lock:
        match words:
            case ["SET", name, value] if name and value:
                values[name] = value
                return "OK"
            case ["GET", name] if name in values:
                return f"OK {values[name]}"
            case ["GET", _]:
                return "ERR sensor desconhecido"
    return "ERR comando desconhecido"


class Client(socketserver.StreamRequestHandler):
    def handle(self):
        try:
            self.serve()
        except OSError:
            pass  # o que corre mal com um cliente fica com ele

    def serve(self):
        while line := self.read_line():
            if not line.endswith(b"\n"):
                self.send("ERR linha sem fim")
                return
            self.send(answer(line[:-1]))

    def read_line(self):
        return self.rfile.readline(MAX_LINE)

    def send(self, text):
        self.wfile.write(text.encode() + b"\n")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    with Server((host, int(port)), Client) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
