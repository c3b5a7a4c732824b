"""Termina como a documentação de `websockets` ensina: deixa de aceitar,
despede-se de cada cliente e espera que cada um se despeça."""

import asyncio
import pathlib
import signal
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import solution


async def main():
    host, port = sys.argv[1].rsplit(":", 1)
    stop = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, stop.set_result, None)
    async with solution.websockets.serve(
        solution.handle_client, host, int(port), max_size=solution.LONGEST
    ):
        await stop


asyncio.run(main())
