"""The TCP client of the lecture's slide: HOST:PORT in the first argument."""

import socket
import sys

host, port = sys.argv[1].rsplit(":", 1)
with socket.create_connection((host, int(port)), timeout=20) as stream:
    stream.sendall(b"Ola, mundo")
    echo = stream.recv(1024)
    print("Eco recebido:", echo.decode())
