"""Envia cada texto em vários frames, um deles vazio."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import solution


async def in_frames(text):
    middle = len(text) // 2
    for part in text[:middle], "", text[middle:]:
        yield part


async def write(socket, queue):
    while True:
        await socket.send(in_frames(await queue.get()))


solution.write = write
solution.run()
