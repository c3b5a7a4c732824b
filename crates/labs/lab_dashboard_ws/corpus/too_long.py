# Demand 3, check join_talk.
"""Envia uma mensagem com mais de 1 MiB."""

from parts import raw_frames

raw_frames.run(b"\x81\x7f\0\0\0\0\0\x20\0\0" + bytes(1 << 21))
