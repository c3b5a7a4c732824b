# Demand 3, check join_talk.
"""Passa um texto que não é UTF-8."""

import solution


async def relay(room, name, text):
    for key, queue in solution.rooms.items():
        if key[0] == room and key[1] != name:
            sockets[key].transport.write(b"\x81\x03ol\xe1")


async def write(socket, queue):
    sockets.update({key: socket for key, q in solution.rooms.items() if q is queue})
    await decent(socket, queue)


sockets = {}
decent = solution.write
solution.write = write
solution.relay = relay
solution.run()
