# Demand 17, check set_get.
"""Não escuta no endereço que recebe."""

import sys

import solution

sys.argv[1] = "127.0.0.1:0"
solution.main()
