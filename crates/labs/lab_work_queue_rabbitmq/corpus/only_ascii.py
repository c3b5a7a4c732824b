# Demand 4, check does_parts.
"""Só conhece nomes em ASCII."""

import solution

decent = solution.part
solution.part = lambda body: decent(body) if body.isascii() else None
solution.main()
