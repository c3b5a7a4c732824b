# Demand 16, check ctrl_c.
"""Inicia outro programa, noutra sessão, e não o termina."""

import subprocess
import sys

import solution

sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
subprocess.Popen(sleep, start_new_session=True)
solution.main()
