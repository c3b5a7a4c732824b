"""Uma sala que envia a todos, em vez do texto, estes bytes tal e qual."""

import solution

sockets = {}
decent = solution.write


def run(frame):
    async def relay(room, name, text):
        for key, queue in solution.rooms.items():
            if key[0] == room and key[1] != name:
                sockets[key].transport.write(frame)

    solution.write = write
    solution.relay = relay
    solution.run()


async def write(socket, queue):
    sockets.update({key: socket for key, q in solution.rooms.items() if q is queue})
    await decent(socket, queue)
