"""A worker: the endpoints of the tasks and of the results."""

import sys
import time

import zmq


def is_prime(number):
    return number >= 2 and all(number % n for n in range(2, int(number**0.5) + 1))


with (
    zmq.Context() as context,
    context.socket(zmq.PULL) as tasks,
    context.socket(zmq.PUSH) as results,
):
    tasks.rcvhwm = 1
    tasks.rcvbuf = 1024
    tasks.rcvtimeo = 20_000
    tasks.connect(sys.argv[1])
    results.connect(sys.argv[2])
    done = 0
    while (task := tasks.recv()) != b"fim":
        number, first, end = map(int, task.split())
        start = time.perf_counter()
        primes = sum(map(is_prime, range(first, end)))
        micros = int((time.perf_counter() - start) * 1_000_000)
        results.send(b"%d %d %d" % (number, primes, micros))
        done += 1
    print(f"Feitas: {done} tarefas")
