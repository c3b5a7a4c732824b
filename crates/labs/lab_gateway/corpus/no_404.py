"""Um sensor desconhecido também tem uma resposta, vazia."""

import solution


def read_one(name):
    return {"nome": name, "valor": solution.values.get(name)}, 200


solution.read_one = read_one
solution.run()
