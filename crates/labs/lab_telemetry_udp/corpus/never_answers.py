# Demand 2, check in_order.
"""Recebe, e não diz nada."""

import solution


def serve(server):
    while True:
        server.recv(65_507)


solution.serve = serve
solution.main()
