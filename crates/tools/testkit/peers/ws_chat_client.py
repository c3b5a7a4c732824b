"""A chat client with Python's websockets: URL in the first argument.

Sends each line of standard input, prints what comes, and in the end the code
and the reason with which the connection was closed.
"""

import asyncio
import contextlib
import sys

import websockets


async def send_lines(websocket):
    while line := await asyncio.to_thread(sys.stdin.readline):
        await websocket.send(line.rstrip("\n"))
    await websocket.close()


async def chat(url):
    async with websockets.connect(url) as websocket:
        print("Ligado ao servidor")
        sending = asyncio.create_task(send_lines(websocket))
        with contextlib.suppress(websockets.ConnectionClosed):
            async for message in websocket:
                print(message)
        print("Desligado:", websocket.close_code, websocket.close_reason)
        sending.cancel()


asyncio.run(chat(sys.argv[1]))
