"""O exercício 3 em Python, com asyncio."""

import asyncio
import sys

IDLE = 2
# O que pode esperar por um ecrã que não lê, em bytes.
QUEUE = 1 << 20

displays = set()


async def read_line(reader):
    """A linha seguinte, sem o seu fim; nada quando não há mais."""
    line = await asyncio.wait_for(reader.readline(), IDLE)
    return line[:-1].decode(errors="replace") if line.endswith(b"\n") else None


async def show(value):
    # Sem `drain`: quem distribui não espera por nenhum ecrã.
    for writer in list(displays):
        if writer.transport.get_write_buffer_size() < QUEUE:
            writer.write(value)


async def serve_display(reader, writer):
    displays.add(writer)
    try:
        writer.write(b"OK\n")
        while await reader.read(64):
            pass
    finally:
        displays.discard(writer)


async def serve_sensor(name, reader, writer):
    writer.write(b"OK\n")
    while (value := await read_line(reader)) is not None:
        await show(f"{name} {value}\n".encode())


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
                writer.write(b"ERR DISPLAY, ou SENSOR e um nome\n")
    except TimeoutError:
        writer.write(b"BYE\n")
    except (OSError, ValueError):
        pass  # o que corre mal com um cliente fica com ele
    finally:
        writer.close()


async def main():
    host, port = sys.argv[1].rsplit(":", 1)
    server = await asyncio.start_server(handle_client, host, int(port))
    async with server:
        await server.serve_forever()


def run():
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    run()
