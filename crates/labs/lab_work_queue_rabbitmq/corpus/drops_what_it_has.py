# Demand 12, check ctrl_c.
"""Com Ctrl-C, larga a peça que tem em mãos."""

import sys

import solution


def stop(*_):
    sys.exit()


solution.stop = stop
solution.main()
