# Demand 6, check names.
"""Quem foi recusado, ao sair, liberta o nome que não era seu."""

import solution


async def handle_client(socket):
    tried = set()

    async def join(socket):
        try:
            async for text in socket:
                words = text.split(" ") if isinstance(text, str) else []
                match words:
                    case ["JOIN", room, name]:
                        tried.add((room, name))
                        if (room, name) not in solution.rooms:
                            queue = solution.asyncio.Queue(solution.QUEUE)
                            solution.rooms[room, name] = queue
                            await socket.send("OK")
                            return room, name
                await socket.send("ERR")
        except solution.websockets.ConnectionClosed:
            pass
        return None

    solution.join = join
    key = None
    try:
        await decent(socket)
    finally:
        for key in tried:
            solution.rooms.pop(key, None)


decent = solution.handle_client
solution.handle_client = handle_client
solution.run()
