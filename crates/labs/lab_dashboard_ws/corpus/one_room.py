# Demand 8, check rooms.
"""Uma só sala, chame-se ela como se chamar."""

import solution

decent = solution.tell


async def tell(_, name, text):
    for room in {room for room, _ in solution.rooms}:
        await decent(room, name, text)


solution.tell = tell
solution.run()
