"""The chat of the slide «Exemplo de WebSocket: Servidor Python»."""

import asyncio
import sys

import websockets

clients = set()


async def chat(client):
    clients.add(client)
    peer = client.remote_address
    print(f"Cliente ligado: {peer}")
    try:
        async for text in client:
            print(f"Recebido de {peer}: {text}")
            for other in clients - {client}:
                await other.send(f"[{peer[1]}]: {text}")
    except websockets.ConnectionClosed:
        print(f"Cliente desligado: {peer}")
    finally:
        clients.remove(client)


async def main():
    host, port = sys.argv[1].split(":")
    async with websockets.serve(chat, host, int(port)) as server:
        port = server.sockets[0].getsockname()[1]
        print(f"A iniciar servidor WebSocket em ws://{host}:{port}", flush=True)
        await asyncio.Future()


asyncio.run(main())
