# Demand 2, check hello.
"""Recusa um sensor que tem acentos no nome."""

import solution

decent = solution.serve_sensor


async def serve_sensor(name, reader, writer):
    if name.isascii():
        await decent(name, reader, writer)
    else:
        writer.write(b"ERR\n")


solution.serve_sensor = serve_sensor
solution.run()
