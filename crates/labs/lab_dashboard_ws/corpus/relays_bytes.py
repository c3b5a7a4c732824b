# Demand 3, check join_talk.
"""Passa o texto num frame binário."""

import solution


async def relay(room, name, text):
    await solution.tell(room, name, f"{name}: {text}".encode())


solution.relay = relay
solution.run()
