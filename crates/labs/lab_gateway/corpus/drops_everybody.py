# Demand 11, check screen_gone.
"""Um ecrã que sai leva os outros consigo."""

import solution

solution.leave = lambda queue: solution.screens.clear()
solution.run()
