"""A worker: the endpoints of the tasks, of numbers below a million, and of the
results."""

import sys
import time

import zmq


DIVISORS = [n for n in range(2, 1000) if all(n % d for d in range(2, n))]


def is_prime(number):
    for divisor in DIVISORS:
        if divisor * divisor > number:
            break
        if number % divisor == 0:
            return False
    return number >= 2


with (
    zmq.Context() as context,
    context.socket(zmq.PULL) as tasks,
    context.socket(zmq.PUSH) as results,
):
    tasks.rcvhwm = 1
    tasks.rcvbuf = 1024
    tasks.connect(sys.argv[1])
    results.connect(sys.argv[2])
    while True:
        batch, count, first, end = map(int, tasks.recv().split())
        start = time.perf_counter()
        primes = sum(map(is_prime, range(first, end)))
        micros = int((time.perf_counter() - start) * 1_000_000)
        print(f"Entre {first} e {end}: {primes} primos")
        results.send(b"%d %d %d %d" % (batch, count, primes, micros))
