# Demand 10, check will.
"""Não deixa testamento."""

import solution

solution.leave_a_will = lambda client: None
solution.run()
