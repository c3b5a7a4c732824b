# Demand 5, check hello.
"""Passa o número, e não o texto que veio."""

import solution

decent = solution.show


async def show(line):
    name, value = line.split()
    await decent(b"%s %g\n" % (name, float(value)))


solution.show = show
solution.run()
