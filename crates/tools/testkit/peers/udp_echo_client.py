"""The UDP client of the lecture's slide: HOST:PORT in the first argument."""

import socket
import sys

host, port = sys.argv[1].rsplit(":", 1)
with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
    datagrams.settimeout(20)
    datagrams.sendto(b"Ola, UDP!", (host, int(port)))
    echo, (peer, peer_port) = datagrams.recvfrom(1024)
    print(f"Eco recebido: {echo.decode()} de {peer}:{peer_port}")
