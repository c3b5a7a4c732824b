# Demand 7, check idle.
"""Só os dois primeiros que se calam recebem BYE."""

import asyncio

import solution

decent = asyncio.StreamWriter.write
said = []


def write(self, data):
    if data == b"BYE\n":
        said.append(self)
        if len(said) > 2:
            return
    decent(self, data)


asyncio.StreamWriter.write = write
solution.run()
