# Demand 7, check validation.
"""Só no POST é que vê se o preço serve."""

import json

import solution

decent = solution.Client.route


def route(self, body):
    if self.command == "PUT":
        part = json.loads(body)
        if isinstance(part, dict) and "price" in part:
            part["price"] = 1
            decent(self, json.dumps(part).encode())
            return
    decent(self, body)


solution.Client.route = route
solution.main()
