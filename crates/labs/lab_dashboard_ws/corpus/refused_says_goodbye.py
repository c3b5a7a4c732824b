# Demand 6, check names.
"""Anuncia a saída de quem não chegou a entrar."""

import solution


async def join(socket):
    refused = None
    try:
        async for text in socket:
            match text.split(" ") if isinstance(text, str) else []:
                case ["JOIN", room, name] if (room, name) in solution.rooms:
                    refused = room
                case ["JOIN", room, name]:
                    queue = solution.asyncio.Queue(solution.QUEUE)
                    solution.rooms[room, name] = queue
                    await socket.send("OK")
                    return room, name
            await socket.send("ERR")
    except solution.websockets.ConnectionClosed:
        pass
    if refused:
        await solution.tell(refused, "", "- um recusado")
    return None


solution.join = join
solution.run()
