# Demand 11, check connection_lost.
"""Só tenta voltar a ligar-se de três em três segundos."""

import solution

solution.RETRY_AFTER = 3
solution.main()
