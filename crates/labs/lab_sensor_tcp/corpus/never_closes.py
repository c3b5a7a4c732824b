# Demand 11, check half_close.
"""Deixa aberta a ligação de quem já não envia nada."""

import time

import solution


class Client(solution.Client):
    def serve(self):
        super().serve()
        time.sleep(3600)


solution.Client = Client
solution.main()
