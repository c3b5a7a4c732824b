# Demand 7, check names.
"""Um nome que já serviu nunca mais fica livre."""

import solution


async def leave(room, name):
    await solution.tell(room, name, f"- {name}")


solution.leave = leave
solution.run()
