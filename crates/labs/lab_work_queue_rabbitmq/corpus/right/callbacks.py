"""O exercício 7 com a função que `basic_consume` chama, e o trabalho numa
thread, para que a ligação não pare."""

import signal
import sys
import threading
import time

import pika

PARTS, DONE, DEAD = "pecas", "pecas.feitas", "pecas.mortas"

stopping = threading.Event()


def part_of(body):
    try:
        name, dots = body.decode("utf-8").split(" ", 1)
    except ValueError:
        return None
    good = name and 1 <= len(dots) <= 100 and dots.strip(".") == ""
    return (name, len(dots)) if good else None


class Machine:
    def __init__(self, url):
        self.connection = pika.BlockingConnection(pika.URLParameters(url))
        self.channel = self.connection.channel()
        self.busy = False
        for queue in (DONE, DEAD):
            self.channel.queue_declare(queue, durable=True)
        arguments = {
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": DEAD,
        }
        self.channel.queue_declare(PARTS, durable=True, arguments=arguments)
        self.channel.confirm_delivery()
        self.channel.basic_qos(prefetch_count=1)
        self.tag = self.channel.basic_consume(PARTS, self.receive)

    def receive(self, channel, method, properties, body):
        part = part_of(body)
        if part is None:
            channel.basic_nack(method.delivery_tag, requeue=False)
            return
        self.busy = True
        threading.Thread(target=self.work, args=(method, *part)).start()

    def work(self, method, name, dots):
        time.sleep(dots * 0.1)
        done = lambda: self.finish(method, name)
        self.connection.add_callback_threadsafe(done)

    def finish(self, method, name):
        text = f"{name} REPETIDA" if method.redelivered else name
        self.channel.basic_publish(
            exchange="",
            routing_key=DONE,
            body=text,
            properties=pika.BasicProperties(delivery_mode=2),
        )
        self.channel.basic_ack(method.delivery_tag)
        self.busy = False

    def run(self):
        cancelled = False
        while not (stopping.is_set() and not self.busy):
            self.connection.process_data_events(time_limit=0.05)
            if stopping.is_set() and not cancelled:
                self.channel.basic_cancel(self.tag)
                cancelled = True
        self.connection.close()


signal.signal(signal.SIGINT, lambda *_: stopping.set())
while not stopping.is_set():
    try:
        Machine(sys.argv[1]).run()
    except pika.exceptions.AMQPError:
        time.sleep(0.3)
