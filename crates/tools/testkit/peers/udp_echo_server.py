"""The UDP server of the lecture's slide: an empty datagram ends it."""

import socket

with socket.socket(type=socket.SOCK_DGRAM) as datagrams:
    datagrams.bind(("127.0.0.1", 0))
    host, port = datagrams.getsockname()
    print(f"Servidor UDP a escutar em {host}:{port}")
    while True:
        data, peer = datagrams.recvfrom(1024)
        print(f"Recebido {data.decode()} de {peer[0]}:{peer[1]}")
        if not data:
            break
        datagrams.sendto(data, peer)
