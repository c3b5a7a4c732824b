# Demand 8, check idle.
"""Desliga também um ecrã que passa dois segundos calado."""

import asyncio

import solution

decent = solution.serve_display


async def serve_display(reader, writer):
    await asyncio.wait_for(decent(reader, writer), solution.IDLE)


solution.serve_display = serve_display
solution.run()
