# Demand 9, check prefetch.
"""Aceita todas as mensagens que o broker lhe quiser dar."""

import solution

solution.PREFETCH = 0
solution.main()
