# Demand 10, check slow_display.
"""Guarda tão pouco para um ecrã que um que lê também perde valores."""

import asyncio

import solution

queues = {}


async def write(writer, queue):
    while True:
        writer.write(await queue.get())
        await asyncio.sleep(0.05)


async def show(value):
    for writer in list(solution.displays):
        if writer not in queues:
            queues[writer] = asyncio.Queue(10)
            asyncio.create_task(write(writer, queues[writer]))
        if not queues[writer].full():
            queues[writer].put_nowait(value)


solution.show = show
solution.run()
