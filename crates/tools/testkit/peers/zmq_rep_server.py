"""A REP server that echoes: the endpoint in the first argument."""

import sys

import zmq

with zmq.Context() as context, context.socket(zmq.REP) as socket:
    socket.bind(sys.argv[1])
    print("Servidor REP a escutar em", socket.last_endpoint.decode())
    while True:
        message = socket.recv_multipart()
        parts = [part.decode(errors="replace") for part in message]
        print("Recebido:", " | ".join(parts))
        socket.send_multipart(message)
