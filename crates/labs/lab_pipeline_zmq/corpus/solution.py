#{
"""O exercício 8 em Python, com a biblioteca `pyzmq`."""
#}

import sys
import time

import zmq

#~ # TODO 4: quanto se espera, no fim, por quem ainda não recebeu tudo, em
#~ # milissegundos?
#~ LINGER = 0
#{
# Quanto se espera, no fim, por quem ainda não recebeu tudo, em milissegundos.
LINGER = 1000

# O silêncio, em segundos, com que o ventilator se dá por terminado.
QUIET = 1.0

READY = b"READY"
#}

context = zmq.Context()


def endpoints(endpoint):
    """Tarefas, resultados e lotes: três portas seguidas."""
    host, port = endpoint.rsplit(":", 1)
    return [f"{host}:{int(port) + offset}" for offset in range(3)]


def opened(kind, linger=None):
    socket = context.socket(kind)
    socket.setsockopt(zmq.LINGER, LINGER if linger is None else linger)
    return socket


#{
def text_of(frames):
    """O texto de uma mensagem; vários frames dão um que nada significa."""
    return b"\n".join(frames).decode(errors="replace")


def number_in(text, word):
    """O número de uma mensagem como `TASK 7`; `None` se não é assim."""
    words = text.split(" ")
    if len(words) == 2 and words[0] == word and words[1].isdecimal():
        return int(words[1])
    return None


def result(number):
    return f"RESULT {number} {number * number}"


def done_line(done):
    return f"Feitas: {done} tarefas"


#}
def work(tasks_at, results_at, pause):
    tasks = opened(zmq.REQ)
    tasks.connect(tasks_at)
    results = opened(zmq.PUSH)
    results.connect(results_at)
    #~ print(f"Worker de {tasks_at} para {results_at}")
    #~ while True:
    #~     # TODO 1: peça uma tarefa com READY, faça-a, envie o resultado ao
    #~     # sink, e outra vez; até vir END. E se vier outra coisa?
    #~     time.sleep(max(pause / 1000, 0.1))
    #{
    done = 0
    while True:
        tasks.send(READY)
        text = text_of(tasks.recv_multipart())
        if text == "END":
            break
        number = number_in(text, "TASK")
        if number is None:
            print(f"Não é uma tarefa: {text[:200]!r}", file=sys.stderr)
            continue
        time.sleep(pause / 1000)
        results.send(result(number).encode())
        done += 1
    print(done_line(done))
    #}


#{
def result_of(text):
    """O número e o valor de `RESULT 7 49`; `None` se não é assim."""
    words = text.split(" ")
    if len(words) == 3 and words[0] == "RESULT":
        if words[1].isdecimal() and words[2].isdecimal():
            return int(words[1]), int(words[2])
    return None


def add(known, number, value):
    known.setdefault(number, value)


def complete(known, size):
    """O total, se já há um resultado para cada tarefa do lote."""
    values = [value for number, value in known.items() if 1 <= number <= size]
    return sum(values) if len(values) == size else None


#}
def collect(results_at, batches_at):
    results = opened(zmq.PULL)
    results.bind(results_at)
    batches = opened(zmq.REP)
    batches.bind(batches_at)
    #~ print(f"Sink a escutar em {results_at} e {batches_at}")
    #~ while True:
    #~     # TODO 2: receba de um socket ou do outro (`zmq.Poller` espera nos
    #~     # dois). A resposta ao BATCH só se envia quando há um resultado de
    #~     # cada tarefa.
    #~     time.sleep(0.1)
    #{
    poller = zmq.Poller()
    poller.register(results, zmq.POLLIN)
    poller.register(batches, zmq.POLLIN)
    known = {}
    size = None
    while size is None or (total := complete(known, size)) is None:
        ready = dict(poller.poll())
        if results in ready:
            text = text_of(results.recv_multipart())
            found = result_of(text)
            if found is None:
                print(f"Não é um resultado: {text[:200]!r}", file=sys.stderr)
            else:
                add(known, *found)
        if batches in ready:
            size = number_in(text_of(batches.recv_multipart()), "BATCH")
            if size is None:
                batches.send(b"ERR BATCH n")
            else:
                # A resposta vem no fim; até lá não se lê mais nenhum.
                poller.unregister(batches)
    batches.send(b"END")
    print(f"Total: {total}")
    #}


#{
def batch(count):
    return f"BATCH {count}"


def task(number):
    return f"TASK {number}"


#}
def ventilate(tasks_at, batches_at, count):
    workers = opened(zmq.REP)
    workers.bind(tasks_at)
    sink = opened(zmq.REQ)
    sink.connect(batches_at)
    #~ print(f"Ventilator de {count} tarefas a escutar em {tasks_at}")
    #~ while True:
    #~     # TODO 3: anuncie o lote ao sink, e responda a cada pedido dos
    #~     # workers. Quando é que já ninguém vem pedir mais?
    #~     time.sleep(0.1)
    #{
    sink.send(batch(count).encode())
    given = 0
    over = False
    while workers.poll(int(QUIET * 1000) if over else 50) or not over:
        if workers.poll(0):
            question = text_of(workers.recv_multipart())
            if question != "READY":
                workers.send(b"ERR READY")
            elif given < count:
                given += 1
                workers.send(task(given).encode())
            else:
                workers.send(b"END")
        if not over and sink.poll(0):
            sink.recv()
            over = True
    #}


def main():
    #~ words = sys.argv[1:]
    #~ known = bool(words) and "://" in words[0]
    #~ endpoint = words.pop(0) if known else "tcp://127.0.0.1:5557"
    #~ tasks_at, results_at, batches_at = endpoints(endpoint)
    #~ match words:
    #{
    tasks_at, results_at, batches_at = endpoints(sys.argv[1])
    match sys.argv[2:]:
        #}
        case ["ventilator", count]:
            ventilate(tasks_at, batches_at, int(count))
        case ["worker", *pause]:
            work(tasks_at, results_at, int(pause[0]) if pause else 0)
        case ["sink"]:
            collect(results_at, batches_at)
        case _:
            sys.exit("O papel: ventilator N, worker [MS] ou sink")


def run():
    try:
        main()
    except KeyboardInterrupt:
        pass
    except zmq.ZMQError as error:
        sys.exit(str(error))
    finally:
        context.destroy(LINGER)


if __name__ == "__main__":
    run()
