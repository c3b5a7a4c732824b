# Demand 3, check join_talk.
"""Tira os espaços e os fins de linha das pontas de um texto."""

import solution

decent = solution.relay


async def relay(room, name, text):
    await decent(room, name, text.strip())


solution.relay = relay
solution.run()
