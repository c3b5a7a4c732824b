# No demand, check set_get.
"""Um ciclo que escreve sem esperar por nada."""

import solution


class Client(solution.Client):
    def serve(self):
        while True:
            print("À espera de uma linha... " * 100)


solution.Client = Client
solution.main()
