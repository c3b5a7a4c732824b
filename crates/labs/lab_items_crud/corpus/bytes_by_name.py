# Demand 12, check accents.
"""Devolve os nomes sem acentos."""

import unicodedata

import solution

decent = solution.create


def create(part):
    name = unicodedata.normalize("NFD", part["name"])
    name = name.encode("ascii", "ignore").decode()
    return decent({"name": name, "price": part["price"]})


solution.create = create
solution.main()
