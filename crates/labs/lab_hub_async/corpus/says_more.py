# Demand 3, check bad_hello.
"""Depois do erro, diz também OK."""

import asyncio

import solution

decent = asyncio.StreamWriter.write


def write(self, data):
    decent(self, data + b"OK\n" if data.startswith(b"ERR") else data)


asyncio.StreamWriter.write = write
solution.run()
