# Demand 8, check not_a_number.
"""Um número negativo não conta."""

import solution

decent = solution.order
solution.order = lambda payload: None if b"-" in payload else decent(payload)
solution.run()
