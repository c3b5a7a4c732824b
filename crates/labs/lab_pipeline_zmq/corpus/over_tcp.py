# Demand 1, check worker_task.
"""Fala por TCP, sem ZeroMQ."""

import socket
import time

import solution


def work(tasks_at, results_at, pause):
    host, port = tasks_at.removeprefix("tcp://").split(":")
    with socket.create_connection((host, int(port))) as tasks:
        tasks.sendall(b"READY\n" * 20)
        time.sleep(3600)


solution.work = work
solution.run()
