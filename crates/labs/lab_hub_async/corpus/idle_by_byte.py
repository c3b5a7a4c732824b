# Demand 6, check trickle.
"""Dá mais dois segundos de cada vez que chega alguma coisa."""

import asyncio

import solution


async def read_line(reader):
    reading = asyncio.ensure_future(reader.readline())
    waiting = 0
    while not reading.done():
        await asyncio.wait([reading], timeout=solution.IDLE)
        if not reading.done() and len(reader._buffer) == waiting:
            reading.cancel()
            raise TimeoutError
        waiting = len(reader._buffer)
    line = reading.result()
    return line[:-1].decode(errors="replace") if line.endswith(b"\n") else None


solution.read_line = read_line
solution.run()
