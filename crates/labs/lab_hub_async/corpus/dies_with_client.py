# Demand 11, check reset.
"""Um erro num cliente termina o servidor."""

import os

import solution


async def serve_display(reader, writer):
    solution.displays.add(writer)
    writer.write(b"OK\n")
    try:
        while await reader.read(64):
            pass
    except OSError:
        os._exit(1)


solution.serve_display = serve_display
solution.run()
