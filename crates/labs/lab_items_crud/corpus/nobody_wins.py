# Demand 10, check conflict.
"""De várias mudanças ao mesmo tempo, recusa todas."""

from parts import refuses_together

refuses_together.run(409)
