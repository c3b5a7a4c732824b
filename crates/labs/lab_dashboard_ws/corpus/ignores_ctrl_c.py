# Demand 13, check ctrl_c.
"""Não liga ao Ctrl-C."""

import asyncio
import signal

import solution

decent = solution.main


async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lambda: None)
    await decent()


solution.main = main
solution.run()
