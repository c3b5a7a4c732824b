# Demand 12, check thousand.
"""Inicia uma thread para cada cliente."""

import threading
import time

import solution

decent = solution.handle_client


async def handle_client(reader, writer):
    threading.Thread(target=time.sleep, args=[60], daemon=True).start()
    await decent(reader, writer)


solution.handle_client = handle_client
solution.run()
