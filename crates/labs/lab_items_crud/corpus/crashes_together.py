# Demand 10, check conflict.
"""Perde-se quando duas mudanças vêm ao mesmo tempo."""

from parts import refuses_together

refuses_together.run(500)
