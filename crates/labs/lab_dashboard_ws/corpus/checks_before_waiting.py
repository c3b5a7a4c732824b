# Demand 6, check names.
"""Vê se o nome está livre, espera, e só depois fica com ele."""

import solution


async def join(socket):
    try:
        async for text in socket:
            match text.split(" ") if isinstance(text, str) else []:
                case ["JOIN", room, name] if (room, name) not in solution.rooms:
                    await solution.asyncio.sleep(1)
                    queue = solution.asyncio.Queue(solution.QUEUE)
                    solution.rooms[room, name] = queue
                    await socket.send("OK")
                    return room, name
                case _:
                    await socket.send("ERR")
    except solution.websockets.ConnectionClosed:
        pass
    return None


solution.join = join
solution.run()
