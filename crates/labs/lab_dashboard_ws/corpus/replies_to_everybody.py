# Demand 9, check no_copy.
"""Diz cada texto também a quem o disse."""

import solution

decent = solution.tell


async def tell(room, name, text):
    await decent(room, None if ": " in text else name, text)


solution.tell = tell
solution.run()
