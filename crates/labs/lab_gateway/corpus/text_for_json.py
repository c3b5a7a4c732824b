# Demand 3, check all_values.
"""Não diz que a resposta é JSON."""

import solution

decent = solution.answer


def answer(connection, request):
    response = decent(connection, request)
    if response is not None:
        del response.headers["Content-Type"]
    return response


solution.answer = answer
solution.run()
