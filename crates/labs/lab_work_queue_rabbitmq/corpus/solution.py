#{
"""O exercício 7 em Python, com a biblioteca `pika`."""
#}

import signal
import sys
#{
import time
#}

import pika
#{
from pika.exceptions import AMQPError
#}

PARTS, DONE, DEAD = "pecas", "pecas.feitas", "pecas.mortas"
#{
DURABLE = True
PREFETCH = 1
WORK_PER_DOT = 0.1
RETRY_AFTER = 0.5
#}

stopping = False


def stop(*_):
    global stopping
    stopping = True


def part(body):
    """O nome e o trabalho de uma peça; None se não for uma."""
    #~ # TODO 3: o que não é um nome, um espaço e de um a cem pontos não é uma
    #~ # peça.
    #{
    try:
        name, dots = body.decode().split(" ", 1)
    except ValueError:  # não é texto, ou não tem espaço
        return None
    if name and 1 <= len(dots) <= 100 and set(dots) == {"."}:
        return name, len(dots)
    #}
    return None


#{
def work(channel, dots):
    channel.connection.sleep(WORK_PER_DOT * dots)


def publish(channel, result):
    mode = pika.BasicProperties(delivery_mode=2 if DURABLE else 1)
    channel.basic_publish("", DONE, result, mode, mandatory=True)


def result(name, redelivered):
    return f"{name} REPETIDA" if redelivered else name


def refuse(channel, tag):
    channel.basic_reject(tag, requeue=False)


def do(channel, method, name, dots):
    work(channel, dots)
    publish(channel, result(name, method.redelivered))
    channel.basic_ack(method.delivery_tag)


#}
def handle(channel, method, body):
    #~ # TODO 2: trabalhe o tempo que a peça pede (com `connection.sleep`, que
    #~ # não deixa morrer a ligação), publique o resultado e confirme-a, por
    #~ # esta ordem.
    #~ # TODO 3: rejeite o que não é uma peça, sem o devolver à fila.
    #~ # TODO 4: se já tinha sido entregue antes, diga-o no resultado.
    #~ part(body)
    #{
    match part(body):
        case name, dots:
            do(channel, method, name, dots)
        case None:
            refuse(channel, method.delivery_tag)
    #}


def prepare(channel):
    #~ # TODO 1: declare as três filas, como o enunciado as descreve, e peça uma
    #~ # só mensagem por confirmar de cada vez.
    #~ pass
    #{
    channel.queue_declare(DEAD, durable=DURABLE)
    channel.queue_declare(DONE, durable=DURABLE)
    dead_letters = {
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": DEAD,
    }
    channel.queue_declare(PARTS, durable=DURABLE, arguments=dead_letters)
    channel.confirm_delivery()
    channel.basic_qos(prefetch_count=PREFETCH)
    #}


def serve(url):
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    #~ print("Máquina ligada ao broker")
    prepare(channel)
    #~ # TODO 1: receba de PARTS, e passe cada mensagem a `handle`. Veja
    #~ # `channel.consume`, que com `inactivity_timeout` nunca fica à espera.
    #~ # TODO 6: depois do Ctrl-C, acabe a peça que tem em mãos.
    #~ while not stopping:
    #~     connection.sleep(0.1)
    #{
    # De vez em quando, mesmo sem mensagens, vê se já é para parar.
    for method, _, body in channel.consume(PARTS, inactivity_timeout=0.1):
        if method is not None:
            handle(channel, method, body)
        if stopping:
            break
    channel.cancel()
    #}
    connection.close()


def main():
    signal.signal(signal.SIGINT, stop)
    #~ # TODO 5: quando a ligação se perde, ligue-se outra vez, até conseguir.
    #~ serve(sys.argv[1] if len(sys.argv) > 1 else "amqp://127.0.0.1:5672")
    #{
    while not stopping:
        try:
            serve(sys.argv[1])
        except AMQPError:
            time.sleep(RETRY_AFTER)  # sem ligação: tenta outra vez
    #}


if __name__ == "__main__":
    main()
