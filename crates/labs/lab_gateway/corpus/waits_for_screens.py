# Demand 10, check slow_screen.
"""Espera que cada ecrã tenha lugar na fila."""

import asyncio

import solution


async def distribute():
    while True:
        text = await waiting.get()
        for queue in list(solution.screens):
            await queue.put(text)


def tell(text):
    global waiting
    if waiting is None:
        waiting = asyncio.Queue()
        tasks.append(asyncio.get_running_loop().create_task(distribute()))
    waiting.put_nowait(text)


waiting = None
tasks = []
solution.tell = tell
solution.run()
