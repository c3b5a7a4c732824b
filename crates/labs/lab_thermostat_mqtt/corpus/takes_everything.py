# Demand 1, check other_topics.
"""Subscreve tudo o que há na fábrica."""

import solution

solution.TEMPERATURES = "fabrica/#"
solution.run()
