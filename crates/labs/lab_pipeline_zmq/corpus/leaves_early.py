# Demand 14, check ventilator_slow.
"""O ventilator não espera pelo worker que ainda vem pedir."""

import solution

solution.QUIET = 0.1
solution.run()
