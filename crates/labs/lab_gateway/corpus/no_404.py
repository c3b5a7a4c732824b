# Demand 5, check unknown.
"""Um sensor desconhecido também tem uma resposta, vazia."""

import solution


def read_one(name):
    return 200, {"nome": name, "valor": solution.values.get(name)}


solution.read_one = read_one
solution.run()
