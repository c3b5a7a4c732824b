# Demand 17, check worker_end.
"""Termina bem, e com o código 1."""

import sys

import solution

solution.run()
sys.exit(1)
