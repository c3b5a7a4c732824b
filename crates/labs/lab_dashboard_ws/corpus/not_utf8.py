# Demand 3, check join_talk.
"""Passa um texto que não é UTF-8."""

from parts import raw_frames

raw_frames.run(b"\x81\x03ol\xe1")
