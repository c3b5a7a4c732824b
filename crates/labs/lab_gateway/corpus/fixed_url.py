# Demand 15, check last_value.
"""Liga-se a um broker que não é o que lhe dão."""

import socket
import sys

import solution

nobody = socket.create_server(("127.0.0.1", 0))
sys.argv[2] = f"mqtt://127.0.0.1:{nobody.getsockname()[1]}"
solution.run()
