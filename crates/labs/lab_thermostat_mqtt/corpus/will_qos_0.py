# Demand 3, check will.
"""Deixa o testamento com QoS 0."""

import solution


def leave_a_will(client):
    client.will_set(solution.STATE, "offline", qos=0, retain=True)


solution.leave_a_will = leave_a_will
solution.run()
