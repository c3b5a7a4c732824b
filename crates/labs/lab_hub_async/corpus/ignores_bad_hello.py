# Demand 3, check bad_hello.
"""Não diz nada a quem não se apresenta bem."""

import solution

decent = solution.handle_client


class Writer:
    def __init__(self, writer):
        self.writer = writer

    def write(self, data):
        if not data.startswith(b"ERR"):
            self.writer.write(data)

    def __getattr__(self, name):
        return getattr(self.writer, name)


async def handle_client(reader, writer):
    await decent(reader, Writer(writer))


solution.handle_client = handle_client
solution.run()
