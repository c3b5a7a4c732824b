# Demand 16, check create_read.
"""Quer uma porta, e não um endereço."""

import sys

import solution

if not sys.argv[1].isdigit():
    sys.exit("A porta tem de ser um número.")
solution.main()
