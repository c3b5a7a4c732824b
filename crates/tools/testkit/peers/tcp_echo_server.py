"""The TCP server of the lecture's slide: one client, one read at a time."""

import socket

with socket.create_server(("127.0.0.1", 0)) as listener:
    host, port = listener.getsockname()
    print(f"Servidor TCP a escutar em {host}:{port}")
    stream, (host, port) = listener.accept()
    with stream:
        print(f"Ligado por {host}:{port}")
        while data := stream.recv(1024):
            print("Recebido:", data.decode())
            stream.sendall(data)
