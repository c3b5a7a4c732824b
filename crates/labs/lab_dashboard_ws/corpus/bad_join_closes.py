# Demand 2, check bad_join.
"""Desliga quem não entra bem à primeira."""

import solution


async def join(socket):
    match (await socket.recv()).split(" "):
        case ["JOIN", room, name] if (room, name) not in solution.rooms:
            solution.rooms[room, name] = solution.asyncio.Queue(solution.QUEUE)
            await socket.send("OK")
            return room, name
    await socket.send("ERR")
    return None


solution.join = join
solution.run()
