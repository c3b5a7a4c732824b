# Demand 11, check connection_lost.
"""Volta a ligar-se, e não volta a subscrever."""

import pika
import solution

decent = solution.serve


def serve(url):
    solution.serve = wait
    decent(url)


def wait(url):
    connection = pika.BlockingConnection(pika.URLParameters(url))
    while not solution.stopping:
        connection.sleep(0.1)
    connection.close()


solution.serve = serve
solution.main()
