"""The lecture's blocking TCP echo, which goes on after its first client."""

import socket
import sys


def serve_client(stream):
    with stream:
        while data := stream.recv(1024):
            text = data.decode(errors="replace")
            print(f"Recebido: {text}")
            stream.sendall(data)


host, port = sys.argv[1].rsplit(":", 1)
with socket.create_server((host, int(port)), backlog=1024) as listener:
    host, port = listener.getsockname()
    print(f"Servidor TCP a escutar em {host}:{port}", flush=True)
    while True:
        stream, (host, port) = listener.accept()
        print(f"Ligado por {host}:{port}")
        try:
            serve_client(stream)
        except ConnectionError:
            pass  # the next one must not suffer from it
