# Demand 6, check bad_json.
"""Não distingue o que não é JSON do JSON que não serve."""

import solution

decent = solution.parse


def parse(body):
    try:
        return decent(body)
    except solution.Refused:
        raise solution.Refused(422)


solution.parse = parse
solution.main()
