"""The lecture's threaded TCP echo: one thread a client."""

import socket
import sys
import threading


def serve_client(stream, peer):
    print(f"Ligado por {peer}")
    try:
        echo(stream, peer)
    except ConnectionError:
        pass
    print(f"A fechar conexão com {peer}")


def echo(stream, peer):
    with stream:
        while data := stream.recv(1024):
            text = data.decode(errors="replace")
            print(f"Recebido de {peer}: {text}")
            stream.sendall(data)


host, port = sys.argv[1].rsplit(":", 1)
with socket.create_server((host, int(port)), backlog=1024) as listener:
    host, port = listener.getsockname()
    print(f"Servidor TCP a escutar em {host}:{port}", flush=True)
    while True:
        stream, (host, port) = listener.accept()
        client = (stream, f"{host}:{port}")
        threading.Thread(target=serve_client, args=client, daemon=True).start()
