"""A ventilator and a sink in one: the endpoints of the tasks and of the
results. It counts the primes below 10,000 in a hundred tasks."""

import sys

import zmq

with (
    zmq.Context() as context,
    context.socket(zmq.PUSH) as tasks,
    context.socket(zmq.PULL) as results,
):
    tasks.bind(sys.argv[1])
    results.bind(sys.argv[2])
    results.rcvtimeo = 20_000
    print("Tarefas em", tasks.last_endpoint.decode())
    print("Resultados em", results.last_endpoint.decode())
    for number in range(100):
        tasks.send(b"7 100 %d %d" % (number * 100, number * 100 + 100))
    total = sum(int(results.recv().split()[2]) for _ in range(100))
    print(f"Total: {total} primos")
