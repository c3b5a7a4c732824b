"""Responde 422 a um corpo vazio, como as bibliotecas mais usadas."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import solution

decent = solution.parse


def parse(body):
    if not body:
        raise solution.Refused(422)
    return decent(body)


solution.parse = parse
solution.main()
