# Demand 16, check worker_garbage.
"""Lê só o primeiro frame de cada mensagem, como se não houvesse mais."""

import solution

decent = solution.text_of


def text_of(frames):
    return decent(frames[:1])


solution.text_of = text_of
solution.run()
