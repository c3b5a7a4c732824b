"""Fecha cada ligação depois de duas respostas, sem o dizer antes."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import solution


class Client(solution.Client):
    answered = 0

    def answer(self, *response):
        super().answer(*response)
        self.answered += 1
        if self.answered == 2:
            self.close_connection = True


solution.Client = Client
solution.main()
