"""O ventilator não espera pelo worker que ainda vem pedir."""

import solution

solution.QUIET = 0.1
solution.run()
