# Demand 7, check validation.
"""Não aceita uma peça que não custa nada."""

import solution

decent = solution.parse


def parse(body):
    part = decent(body)
    if not part["price"]:
        raise solution.Refused(422)
    return part


solution.parse = parse
solution.main()
