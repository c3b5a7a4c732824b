# Demand 3, check bad_hello.
"""Termina quando alguém não se apresenta bem."""

import os

import solution

decent = solution.read_line


async def read_line(reader):
    line = await decent(reader)
    if line == "SENSOR":
        print("Falta o nome do sensor!")
        os._exit(1)
    return line


solution.read_line = read_line
solution.run()
