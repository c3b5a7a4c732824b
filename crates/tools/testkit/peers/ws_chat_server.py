"""The chat server of the lecture's slide, with Python's websockets."""

import asyncio

import websockets

clients = set()


async def handle(websocket):
    clients.add(websocket)
    print("Cliente ligado:", websocket.remote_address)
    try:
        async for message in websocket:
            print(f"Recebido de {websocket.remote_address}: {message}")
            port = websocket.remote_address[1]
            others = clients - {websocket}
            websockets.broadcast(others, f"[{port}]: {message}")
    finally:
        clients.remove(websocket)
        print("Cliente desligado:", websocket.close_code)


async def main():
    async with websockets.serve(handle, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        print(f"A iniciar servidor WebSocket em ws://{host}:{port}")
        await asyncio.Future()


asyncio.run(main())
