# Demand 3, check join_talk.
"""Envia uma mensagem com mais de 1 MiB."""

import solution


async def relay(room, name, text):
    for key, queue in solution.rooms.items():
        if key[0] == room and key[1] != name:
            sockets[key].transport.write(b"\x81\x7f\0\0\0\0\0\x20\0\0" + bytes(1 << 21))


async def write(socket, queue):
    sockets.update({key: socket for key, q in solution.rooms.items() if q is queue})
    await decent(socket, queue)


sockets = {}
decent = solution.write
solution.write = write
solution.relay = relay
solution.run()
