"""The lecture's blocking UDP echo, written for the measurement."""

import socket
import sys

host, port = sys.argv[1].rsplit(":", 1)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
    server.bind((host, int(port)))
    host, port = server.getsockname()
    print(f"Servidor UDP a escutar em {host}:{port}", flush=True)
    while True:
        data, (host, port) = server.recvfrom(65_507)
        text = data.decode(errors="replace")
        print(f"Recebido {text} de {host}:{port}")
        server.sendto(data, (host, port))
