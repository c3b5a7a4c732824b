# No demand, check set_get.
"""Guarda muito mais do que lhe pedem."""

import solution

history = b"x" * (600 << 20)
solution.main()
