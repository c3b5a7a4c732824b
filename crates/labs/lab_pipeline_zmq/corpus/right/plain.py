"""O exercício 8 com sockets que esperam: sem limites de tempo, e com o
Ctrl-C a sair de onde estiver."""

import signal
import sys
import time

import zmq

LINGER = 1000


def of(message, word, count):
    """Os números de uma mensagem como `TASK 7`; nenhum se não é assim."""
    if len(message) != 1:
        return None
    words = message[0].decode(errors="replace").split(" ")
    numbers = words[1:]
    if words[0] != word or len(numbers) != count:
        return None
    if not all(n.isascii() and n.isdecimal() for n in numbers):
        return None
    return [int(n) for n in numbers]


def worker(context, tasks_at, results_at, pause):
    tasks, results = context.socket(zmq.REQ), context.socket(zmq.PUSH)
    tasks.connect(tasks_at)
    results.connect(results_at)
    done = 0
    while True:
        tasks.send_string("READY")
        message = tasks.recv_multipart()
        if message == [b"END"]:
            print(f"Feitas: {done} tarefas")
            return
        if number := of(message, "TASK", 1):
            time.sleep(pause / 1000)
            results.send_string(f"RESULT {number[0]} {number[0] ** 2}")
            done += 1


def sink(context, results_at, batches_at):
    results, batches = context.socket(zmq.PULL), context.socket(zmq.REP)
    results.bind(results_at)
    batches.bind(batches_at)
    known, size = {}, None
    while size is None or not set(range(1, size + 1)) <= known.keys():
        listening = [results] if size is not None else [results, batches]
        ready, _, _ = zmq.select(listening, [], [])
        if results in ready:
            if numbers := of(results.recv_multipart(), "RESULT", 2):
                known.setdefault(*numbers)
        if batches in ready:
            if numbers := of(batches.recv_multipart(), "BATCH", 1):
                size = numbers[0]
            else:
                batches.send_string("ERR BATCH")
    batches.send_string("END")
    print(f"Total: {sum(known[n] for n in range(1, size + 1))}")


def ventilator(context, tasks_at, batches_at, count):
    workers, batch = context.socket(zmq.REP), context.socket(zmq.REQ)
    workers.bind(tasks_at)
    batch.connect(batches_at)
    batch.send_string(f"BATCH {count}")
    given, over = 0, False
    while True:
        wanted = [workers] if over else [workers, batch]
        ready, _, _ = zmq.select(wanted, [], [], 1.0 if over else None)
        if over and not ready:
            return
        if batch in ready:
            batch.recv()
            over = True
        if workers in ready:
            if workers.recv_multipart() != [b"READY"]:
                workers.send_string("ERR READY")
            elif given < count:
                given += 1
                workers.send_string(f"TASK {given}")
            else:
                workers.send_string("END")


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    tasks, results, batches = (f"{host}:{int(port) + n}" for n in range(3))
    with zmq.Context() as context:
        context.linger = LINGER
        try:
            match sys.argv[2:]:
                case ["worker", *pause]:
                    ms = int(pause[0]) if pause else 0
                    worker(context, tasks, results, ms)
                case ["sink"]:
                    sink(context, results, batches)
                case ["ventilator", count]:
                    ventilator(context, tasks, batches, int(count))
        except KeyboardInterrupt:
            # Quem tem pressa não espera por quem não vem.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            context.destroy(linger=0)


main()
