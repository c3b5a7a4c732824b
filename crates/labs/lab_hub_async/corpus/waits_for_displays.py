# Demand 9, check slow_display.
"""Espera que cada ecrã leia, antes de passar ao seguinte."""

import solution


async def show(value):
    for writer in list(solution.displays):
        writer.write(value)
        await writer.drain()


solution.show = show
solution.run()
