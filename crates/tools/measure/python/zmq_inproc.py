"""Questions and answers over one endpoint, both ends in this process: how many
seconds so many of them take."""

import sys
import threading
import time

import zmq

endpoint, count = sys.argv[1], int(sys.argv[2])
message = b"x" * 64
context = zmq.Context()
server = context.socket(zmq.REP)
server.bind(endpoint)
client = context.socket(zmq.REQ)
client.connect(server.get_string(zmq.LAST_ENDPOINT))


def echo():
    while True:
        question = server.recv()
        server.send(question)
        if not question:
            break


thread = threading.Thread(target=echo)
thread.start()
client.send(message)  # the first one waits for the connection
client.recv()
start = time.perf_counter()
for _ in range(count):
    client.send(message)
    client.recv()
print(time.perf_counter() - start)
client.send(b"")
client.recv()
thread.join()
