# Demand 2, check not_a_number.
"""Toma por número tudo o que em JSON se parece com um."""

import json

import solution

decent = solution.number


def number(payload):
    try:
        return decent(json.loads(payload))
    except (TypeError, ValueError):
        return None


solution.number = number
solution.run()
