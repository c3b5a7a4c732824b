#{
"""O exercício 5 em Python, com a biblioteca `websockets`."""
#}

import asyncio
import sys

import websockets

#{
# Quantos textos podem esperar por um ecrã.
QUEUE = 256

#}
# O texto mais longo que se distribui.
LONGEST = 1 << 20

#~ # TODO 2: quem está em cada sala, e como se fala com cada um?
rooms = {}


async def tell(room, name, text):
    """Diz um texto a todos os outros da sala, sem esperar por nenhum."""
    #~ # TODO 5: um cliente que não lê não pode parar os outros.
    #{
    for key, queue in list(rooms.items()):
        if key[0] == room and key[1] != name:
            try:
                queue.put_nowait(text)
            except asyncio.QueueFull:
                pass  # não está a ler, e perde este texto
    await asyncio.sleep(0)  # é a vez de quem esvazia as filas
    #}


async def join(socket):
    #~ """A sala e o nome de quem entra; nada, se sair antes disso."""
    #~ # TODO 1: leia textos até vir um `JOIN sala nome` que sirva: OK. Aos
    #~ # outros, ERR. `async for text in socket` dá um texto de cada vez, e
    #~ # `await socket.send(texto)` responde.
    #{
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
    #}
    return None
#{


async def write(socket, queue):
    while True:
        await socket.send(await queue.get())


async def relay(room, name, text):
    await tell(room, name, f"{name}: {text}")


async def leave(room, name):
    rooms.pop((room, name), None)
    await tell(room, name, f"- {name}")
#}


async def handle_client(socket):
    key = await join(socket)
    if key is None:
        return
    room, name = key
    #~ # TODO 3: daí em diante, o que este cliente diz vai para os outros da
    #~ # sala, com `tell`. Anuncie quem entra e quem sai.
    #~ # TODO 4: um frame binário não vai a ninguém.
    #{
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
    #}


async def main():
    #~ address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:8765"
    #~ host, port = address.rsplit(":", 1)
    #{
    host, port = sys.argv[1].rsplit(":", 1)
    #}
    async with websockets.serve(
        handle_client, host, int(port), compression=None, max_size=LONGEST
    ) as server:
        #~ print(f"Salas em ws://{address}")
        await server.serve_forever()


def run():
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    run()
