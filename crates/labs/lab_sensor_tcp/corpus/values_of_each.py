# Demand 8, check set_get.
"""Guarda os valores em cada cliente, e não no servidor."""

import threading

import solution

class Values(threading.local):
    def __init__(self):
        self.all = {}

    def __contains__(self, name):
        return name in self.all

    def __getitem__(self, name):
        return self.all[name]

    def __setitem__(self, name, value):
        self.all[name] = value


solution.values = Values()
solution.main()
