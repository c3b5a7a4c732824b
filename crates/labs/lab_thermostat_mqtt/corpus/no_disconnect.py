# Demand 13, check ctrl_c.
"""Diz offline, e vai-se sem se despedir do broker."""

import os

import solution

decent = solution.leave


def leave(client):
    decent(client)
    os._exit(0)


solution.leave = leave
solution.run()
