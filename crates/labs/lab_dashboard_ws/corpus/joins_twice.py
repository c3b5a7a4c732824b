# Demand 3, check join_talk.
"""Toma por um pedido o JOIN de quem já entrou."""

import solution

decent = solution.relay


async def relay(room, name, text):
    if not text.startswith("JOIN "):
        await decent(room, name, text)


solution.relay = relay
solution.run()
