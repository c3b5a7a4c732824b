# Demand 7, check validation.
"""Guarda o que vier, desde que tenha os campos."""

import json

import solution


def parse(body):
    try:
        part = json.loads(body)
    except ValueError:
        raise solution.Refused(400)
    if isinstance(part, dict) and {"name", "price"} <= part.keys():
        return part
    raise solution.Refused(422)


solution.parse = parse
solution.main()
