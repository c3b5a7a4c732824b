# Demand 6, check names.
"""Desliga quem pede um nome que já está na sala."""

import solution

decent = solution.join


class Once:
    def __init__(self, socket):
        self.socket = socket

    def __aiter__(self):
        return aiter(self.socket)

    async def send(self, text):
        await self.socket.send(text)
        if "ocupado" in text:
            await self.socket.close()


async def join(socket):
    return await decent(Once(socket))


solution.join = join
solution.run()
