# Demand 14, check on_off.
"""Liga-se a um broker que escolhe, e não ao que lhe dão."""

import sys

import solution

sys.argv[1] = "mqtt://127.0.0.1:1"
try:
    solution.run()
except OSError:
    sys.exit("Não há nenhum broker em 127.0.0.1:1.")
