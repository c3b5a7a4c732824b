# Demand 16, check ctrl_c.
"""Não liga ao Ctrl-C."""

import signal

import solution

signal.signal(signal.SIGINT, signal.SIG_IGN)
solution.main()
