# Demand 1, check join_talk.
"""Não anuncia quem entra."""

import solution

decent = solution.tell


async def tell(room, name, text):
    if not text.startswith("+"):
        await decent(room, name, text)


solution.tell = tell
solution.run()
