# Demand 12, check garbage.
"""Corta os datagramas a 1024 bytes, e termina com um que esteja vazio."""

import solution


def serve(server):
    while True:
        datagram, peer = server.recvfrom(1024)
        if not datagram:
            break
        text = solution.answer(datagram)
        if text is not None:
            server.sendto(text.encode(), peer)


solution.serve = serve
solution.main()
