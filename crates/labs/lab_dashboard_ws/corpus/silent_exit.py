# Demand 4, check goodbye.
"""Não anuncia quem sai."""

import solution


async def leave(room, name):
    solution.rooms.pop((room, name), None)


solution.leave = leave
solution.run()
