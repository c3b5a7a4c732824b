"""Subscreve tudo o que há na fábrica."""

import solution

solution.TEMPERATURES = "fabrica/#"
solution.run()
