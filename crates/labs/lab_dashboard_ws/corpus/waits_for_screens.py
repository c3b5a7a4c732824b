# Demand 12, check slow_screen.
"""Espera que cada ecrã tenha lugar na fila."""

import solution


async def tell(room, name, text):
    for key, queue in list(solution.rooms.items()):
        if key[0] == room and key[1] != name:
            await queue.put(text)


solution.tell = tell
solution.run()
