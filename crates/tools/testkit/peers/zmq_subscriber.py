"""A subscriber that takes two messages: the endpoint, and a topic's prefix."""

import sys

import zmq

with zmq.Context() as context, context.socket(zmq.SUB) as socket:
    socket.rcvtimeo = 20_000
    socket.subscribe(sys.argv[2])
    socket.connect(sys.argv[1])
    for _ in range(2):
        topic, message, number = socket.recv_multipart()
        print(f"Tópico: {topic.decode()} | Mensagem: {message.decode()} | {number.decode()}")
