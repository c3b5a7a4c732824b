# Demand 3, check join_talk.
"""Um texto vazio não chega a ninguém."""

import solution

decent = solution.relay


async def relay(room, name, text):
    if text:
        await decent(room, name, text)


solution.relay = relay
solution.run()
