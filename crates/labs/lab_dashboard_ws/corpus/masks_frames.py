# Demand 3, check join_talk.
"""Mascara os frames, como se fosse um cliente."""

import solution


async def relay(room, name, text):
    for key, queue in solution.rooms.items():
        if key[0] == room and key[1] != name:
            sockets[key].transport.write(b"\x81\x82\0\0\0\0ok")


async def write(socket, queue):
    sockets.update({key: socket for key, q in solution.rooms.items() if q is queue})
    await decent(socket, queue)


sockets = {}
decent = solution.write
solution.write = write
solution.relay = relay
solution.run()
