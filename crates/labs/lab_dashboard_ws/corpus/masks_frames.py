# Demand 3, check join_talk.
"""Mascara os frames, como se fosse um cliente."""

from parts import raw_frames

raw_frames.run(b"\x81\x82\0\0\0\0ok")
