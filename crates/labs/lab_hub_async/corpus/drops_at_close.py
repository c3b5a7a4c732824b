# Demand 10, check pieces.
"""Quando um sensor sai, deita fora o que ele disse e ainda não passou."""

import asyncio

import solution


async def serve_sensor(name, reader, writer):
    writer.write(b"OK\n")
    waiting = asyncio.Queue()

    async def passes():
        while True:
            value = await waiting.get()
            await solution.show(f"{name} {value}\n".encode())
            await asyncio.sleep(0.01)

    passing = asyncio.create_task(passes())
    try:
        while (value := await solution.read_line(reader)) is not None:
            waiting.put_nowait(value)
    finally:
        passing.cancel()


solution.serve_sensor = serve_sensor
solution.run()
