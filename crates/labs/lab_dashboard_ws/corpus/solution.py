"""O exercício 5 em Python, com a biblioteca `websockets`."""

import asyncio
import sys

import websockets

# Quantos textos podem esperar por um ecrã.
QUEUE = 256

# O texto mais longo que se distribui.
LONGEST = 1 << 20

rooms = {}


async def tell(room, name, text):
    """Diz um texto a todos os outros da sala, sem esperar por nenhum."""
    for key, queue in list(rooms.items()):
        if key[0] == room and key[1] != name:
            try:
                queue.put_nowait(text)
            except asyncio.QueueFull:
                pass  # não está a ler, e perde este texto
    await asyncio.sleep(0)  # é a vez de quem esvazia as filas


async def join(socket):
    try:
        async for text in socket:
            match text.split(" ") if isinstance(text, str) else []:
                case ["JOIN", room, name] if (room, name) not in rooms:
                    rooms[room, name] = asyncio.Queue(QUEUE)
                    await socket.send("OK")
                    return room, name
                case _:
                    await socket.send("ERR JOIN sala nome, ou nome ocupado")
    except websockets.ConnectionClosed:
        pass
    return None


async def write(socket, queue):
    while True:
        await socket.send(await queue.get())


async def relay(room, name, text):
    await tell(room, name, f"{name}: {text}")


async def leave(room, name):
    rooms.pop((room, name), None)
    await tell(room, name, f"- {name}")


async def handle_client(socket):
    key = await join(socket)
    if key is None:
        return
    room, name = key
    await tell(room, name, f"+ {name}")
    writing = asyncio.create_task(write(socket, rooms[key]))
    try:
        async for text in socket:
            if isinstance(text, str):
                await relay(room, name, text)
    except websockets.ConnectionClosed:
        pass
    finally:
        writing.cancel()
        await leave(room, name)


async def main():
    host, port = sys.argv[1].rsplit(":", 1)
    async with websockets.serve(
        handle_client, host, int(port), compression=None, max_size=LONGEST
    ) as server:
        await server.serve_forever()


def run():
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    run()
