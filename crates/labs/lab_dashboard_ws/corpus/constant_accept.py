# Demand 5, check join_talk.
"""Responde ao pedido de WebSocket com uma chave que já viu noutro lado."""

import solution
from websockets import server

server.accept_key = lambda key: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
solution.run()
