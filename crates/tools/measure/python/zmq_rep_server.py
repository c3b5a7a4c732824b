"""An echo on a REP socket, for «Padrão: Sem Broker (ZeroMQ / ØMQ)»."""

import sys

import zmq

context = zmq.Context()
socket = context.socket(zmq.REP)
socket.bind(f"tcp://{sys.argv[1]}")
endpoint = socket.get_string(zmq.LAST_ENDPOINT)
print(f"Servidor REP a escutar em {endpoint}", flush=True)
while True:
    message = socket.recv_multipart()
    text = " | ".join(part.decode(errors="replace") for part in message)
    print(f"Recebido: {text}")
    socket.send_multipart(message)
