#{
"""O exercício 2 em Python."""
#}

#{
import math
#}
import socket
import sys


class Sensor:
    """O que se sabe de um sensor."""

    #~ # TODO 2: o que é preciso guardar, para cada nome, para fazer as contas?
    #{
    def __init__(self):
        self.numbers = set()
        self.highest = 0
        self.duplicated = 0
        self.out_of_order = 0
        self.sum = 0.0

    def take(self, number, value):
        if number in self.numbers:
            self.duplicated += 1
            return
        if number < self.highest:
            self.out_of_order += 1
        self.numbers.add(number)
        self.highest = max(self.highest, number)
        self.sum += value

    def lost(self):
        return self.highest - len(self.numbers)

    def report(self, name):
        received = len(self.numbers)
        return (
            f"{name} received={received} lost={self.lost()}"
            f" duplicated={self.duplicated} out_of_order={self.out_of_order}"
            f" mean={self.sum / max(received, 1):.2f}"
        )
    #}


sensors = {}


def find(name):
    return sensors.setdefault(name, Sensor())
#{


def is_measure(number, value):
    return 0 < number < 1 << 32 and math.isfinite(value)
#}


def answer(datagram):
    """A resposta a um datagrama, se tiver resposta: aqui não há sockets."""
    #~ # TODO 2: `DATA nome número valor` guarda-se no que `find` devolve.
    #~ # TODO 3: `REPORT nome` tem como resposta as contas desse sensor.
    #~ # O que não se percebe não tem resposta.
    #{
    try:
        match datagram.decode().split(" "):
            case ["DATA", name, number, value]:
                number, value = int(number), float(value)
                if is_measure(number, value):
                    find(name).take(number, value)
            case ["REPORT", name]:
                return find(name).report(name)
    except ValueError:  # não é texto, ou não é um número
        pass
    #}
    return None


def serve(server):
    while True:
        #~ # TODO 1: passe o datagrama a `answer`; se houver resposta, envie-a,
        #~ # com `sendto`, a quem o enviou.
        datagram, peer = server.recvfrom(65_507)
        #{
        text = answer(datagram)
        if text is not None:
            server.sendto(text.encode(), peer)
        #}


def main():
    #~ address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:65432"
    #~ host, port = address.rsplit(":", 1)
    #{
    host, port = sys.argv[1].rsplit(":", 1)
    #}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((host, int(port)))
        #~ print(f"Telemetria a escutar em {address}")
        serve(server)


if __name__ == "__main__":
    main()
