# Demand 6, check poisoned.
"""Aceita uma peça com um ponto a mais."""

import solution

decent = solution.part


def part(body):
    if body.endswith(b" " + b"." * 101):
        return body.decode().split(" ")[0], 101
    return decent(body)


solution.part = part
solution.main()
