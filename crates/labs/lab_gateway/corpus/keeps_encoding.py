"""Procura o nome tal como vem no URL, com %C3%A9 no lugar de «é»."""

from urllib.parse import quote

import solution

decent = solution.read_one


def read_one(name):
    return decent(quote(name))


solution.read_one = read_one
solution.run()
