"""A REQ client: the endpoint, and the parts of its message."""

import sys

import zmq

with zmq.Context() as context, context.socket(zmq.REQ) as socket:
    socket.rcvtimeo = 20_000
    socket.linger = 0
    socket.connect(sys.argv[1])
    socket.send_multipart([part.encode() for part in sys.argv[2:]])
    parts = [part.decode() for part in socket.recv_multipart()]
    print("Eco recebido:", " | ".join(parts))
