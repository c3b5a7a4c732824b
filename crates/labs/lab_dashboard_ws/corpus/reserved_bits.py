# Demand 3, check join_talk.
"""Envia frames que o protocolo não permite."""

from parts import raw_frames

raw_frames.run(b"\xf1\x02ok")
