"""Uma fila com um limite de vinte mil textos para cada ecrã."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import solution

solution.QUEUE = 20_000
solution.run()
