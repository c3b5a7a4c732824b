# Demand 13, check does_parts.
"""Liga-se sempre a um broker que não é o que lhe dão."""

import sys

import solution

sys.argv[1] = "amqp://127.0.0.1:1"
solution.main()
