# Demand 1, check create_read.
"""O corpo da resposta é um objeto de Python, e não JSON."""

import json

import solution


class Python:
    loads = json.loads
    dumps = str


solution.json = Python
solution.main()
