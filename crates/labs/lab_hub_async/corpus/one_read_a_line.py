# Demand 4, check pieces.
"""Toma por uma linha o que vier em cada leitura."""

import asyncio

import solution


async def read_line(reader):
    data = await asyncio.wait_for(reader.read(4096), solution.IDLE)
    return data.decode(errors="replace").strip() if data else None


solution.read_line = read_line
solution.run()
