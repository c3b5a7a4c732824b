# Demand 17, check set_get.
"""Não chama a função que faz tudo."""

import solution

solution.main
