# Demand 13, check many_clients.
"""Trata de um cliente de cada vez."""

import socketserver

import solution


class Server(socketserver.TCPServer):
    allow_reuse_address = True
    request_queue_size = 128


solution.Server = Server
solution.main()
