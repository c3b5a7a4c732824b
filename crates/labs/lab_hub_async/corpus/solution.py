#{
"""O exercício 3 em Python, com asyncio."""
#}

import asyncio
import sys

#{
IDLE = 2
# O que pode esperar por um ecrã que não lê, em bytes.
QUEUE = 1 << 20
#}

displays = set()


#{
async def read_line(reader):
    """A linha seguinte, sem o seu fim; nada quando não há mais."""
    line = await asyncio.wait_for(reader.readline(), IDLE)
    return line[:-1].decode(errors="replace") if line.endswith(b"\n") else None


#}
async def show(value):
    #~ # TODO 3: diga um valor, em bytes, a todos os ecrãs, sem esperar por
    #~ # nenhum. Quanto pode ficar à espera de um que não lê?
    #~ pass
    #{
    # Sem `drain`: quem distribui não espera por nenhum ecrã.
    for writer in list(displays):
        if writer.transport.get_write_buffer_size() < QUEUE:
            writer.write(value)
    #}


async def serve_display(reader, writer):
    #~ # TODO 2: responda OK, e junte-o aos ecrãs, até se ir embora: então
    #~ # `reader.read` não dá mais nada.
    #~ pass
    #{
    displays.add(writer)
    try:
        writer.write(b"OK\n")
        while await reader.read(64):
            pass
    finally:
        displays.discard(writer)
    #}


async def serve_sensor(name, reader, writer):
    #~ # TODO 2: responda OK, e passe cada linha que vem a `show`.
    #~ pass
    #{
    writer.write(b"OK\n")
    while (value := await read_line(reader)) is not None:
        await show(f"{name} {value}\n".encode())
    #}


async def handle_client(reader, writer):
    try:
        #~ # TODO 1: leia a primeira linha, com `reader.readline`, e escolha:
        #~ # `DISPLAY`, `SENSOR nome` ou, a qualquer outra, ERR.
        #~ # TODO 4: um sensor que demora dois segundos com uma linha tem BYE.
        #~ # Veja `asyncio.wait_for`.
        #~ pass
        #{
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
    #}
    except (OSError, ValueError):
        pass  # o que corre mal com um cliente fica com ele
    finally:
        writer.close()


async def main():
    #~ address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:65432"
    #~ host, port = address.rsplit(":", 1)
    #{
    host, port = sys.argv[1].rsplit(":", 1)
    #}
    server = await asyncio.start_server(handle_client, host, int(port))
    #~ print(f"A servir em {address}")
    async with server:
        await server.serve_forever()


def run():
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    run()
