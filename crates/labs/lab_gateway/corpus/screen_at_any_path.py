# Demand 6, check unknown.
"""Um WebSocket abre-se em qualquer caminho."""

import solution

decent = solution.answer


def answer(connection, request):
    if request.headers.get("Upgrade", "").lower() == "websocket":
        request.path = "/vivo"
    return decent(connection, request)


solution.answer = answer
solution.run()
