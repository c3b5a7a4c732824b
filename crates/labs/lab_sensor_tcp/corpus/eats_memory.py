# No demand, check set_get.
"""Guarda muito mais do que lhe pedem, e nem chega a escutar."""

import threading

history = b"x" * (600 << 20)
threading.Event().wait()
