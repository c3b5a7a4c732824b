# Demand 2, check everyone.
"""Envia cada valor a toda a gente, até aos sensores."""

import solution

decent = solution.serve_sensor


async def serve_sensor(name, reader, writer):
    solution.displays.add(writer)
    try:
        await decent(name, reader, writer)
    finally:
        solution.displays.discard(writer)


solution.serve_sensor = serve_sensor
solution.run()
