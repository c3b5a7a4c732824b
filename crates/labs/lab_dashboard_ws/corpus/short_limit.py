# Demand 10, check frames.
"""Um texto com mais de 64 KiB é longo de mais."""

import solution

solution.LONGEST = 1 << 16
solution.run()
