"""Uma fila para cada ecrã, com um limite em valores, e não em bytes."""

import asyncio
import sys

IDLE = 2
QUEUE = 20_000

queues = set()


async def read_line(reader):
    line = await asyncio.wait_for(reader.readline(), IDLE)
    return line[:-1].decode(errors="replace") if line.endswith(b"\n") else None


def show(text):
    for queue in queues:
        if not queue.full():
            queue.put_nowait(text)


async def drain(queue, writer):
    while True:
        writer.write(await queue.get())
        await writer.drain()


async def serve_display(reader, writer):
    queue = asyncio.Queue(QUEUE)
    queues.add(queue)
    writer.write(b"OK\n")
    writing = asyncio.create_task(drain(queue, writer))
    try:
        while await reader.read(64):
            pass
    finally:
        writing.cancel()
        queues.discard(queue)


async def serve_sensor(name, reader, writer):
    writer.write(b"OK\n")
    while (value := await read_line(reader)) is not None:
        show(f"{name} {value}\n".encode())
        await asyncio.sleep(0)


async def handle_client(reader, writer):
    try:
        hello = await read_line(reader)
        match hello.split(" ") if hello is not None else None:
            case None:
                pass
            case ["DISPLAY"]:
                await serve_display(reader, writer)
            case ["SENSOR", name] if name:
                await serve_sensor(name, reader, writer)
            case _:
                writer.write(b"ERR\n")
    except TimeoutError:
        writer.write(b"BYE\n")
    except (OSError, ValueError):
        pass
    finally:
        writer.close()


async def main():
    host, port = sys.argv[1].rsplit(":", 1)
    server = await asyncio.start_server(handle_client, host, int(port))
    async with server:
        await server.serve_forever()


try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
