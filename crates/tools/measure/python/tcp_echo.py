"""The lecture's asyncio TCP echo, written for the measurement."""

import asyncio
import sys


async def serve_client(reader, writer):
    peer = "%s:%d" % writer.get_extra_info("peername")
    print(f"Ligado por {peer}")
    try:
        await echo(reader, writer, peer)
    except ConnectionError:
        pass
    print(f"A fechar conexão com {peer}")
    writer.close()


async def echo(reader, writer, peer):
    while data := await reader.read(1024):
        text = data.decode(errors="replace")
        print(f"Recebido de {peer}: {text}")
        writer.write(data)
        await writer.drain()


async def main():
    host, port = sys.argv[1].rsplit(":", 1)
    # A queue as long as the Rust lessons': with asyncio's own, of 100, many
    # clients that come at once wait a second.
    server = await asyncio.start_server(
        serve_client, host, int(port), backlog=1024
    )
    host, port = server.sockets[0].getsockname()
    print(f"A servir em {host}:{port}", flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
