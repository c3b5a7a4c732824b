"""Envia cada valor em dois frames."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import solution


async def in_frames(text):
    yield text[:7]
    yield text[7:]


async def write(socket):
    while True:
        await socket.send(in_frames(await socket.queue.get()))


solution.write = write
solution.run()
