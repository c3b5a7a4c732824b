# Demand 7, check idle.
"""Espera para sempre por quem não se apresenta."""

import asyncio

import solution

decent = solution.handle_client


async def handle_client(reader, writer):
    while not reader._buffer and not reader.at_eof():
        await asyncio.sleep(0.01)
    await decent(reader, writer)


solution.handle_client = handle_client
solution.run()
