#{
"""O exercício 1 em Python, com uma thread por cliente."""
#}

import socketserver
import sys
#{
import threading

MAX_LINE = 1024

values = {}
lock = threading.Lock()
#}


def answer(line):
    """A resposta a uma linha, sem os fins de linha."""
    #~ # TODO 2: separe as palavras e responda a SET e a GET. Falta um sítio
    #~ # onde guardar os valores. A tudo o resto, até ao que não é texto, ERR.
    #~ return "ERR por fazer"
    #{
    try:
        words = line.decode().split(" ")
    except UnicodeDecodeError:
        return "ERR não é texto"
    with lock:
        match words:
            case ["SET", name, value] if name and value:
                values[name] = value
                return "OK"
            case ["GET", name] if name in values:
                return f"OK {values[name]}"
            case ["GET", _]:
                return "ERR sensor desconhecido"
    return "ERR comando desconhecido"
    #}


class Client(socketserver.StreamRequestHandler):
    def handle(self):
        #~ # TODO 1: leia uma linha, até «\n», e responda-lhe; depois a
        #~ # seguinte, até o cliente sair. `self.rfile.readline` junta e separa
        #~ # o que o socket traz aos pedaços; `self.wfile.write` responde.
        #~ # TODO 3: uma linha de mais de 1024 bytes tem ERR, e fecha-se a
        #~ # ligação.
        #~ answer(b"")
        #{
        try:
            self.serve()
        except OSError:
            pass  # o que corre mal com um cliente fica com ele

    def serve(self):
        while line := self.read_line():
            if not line.endswith(b"\n"):
                self.send("ERR linha sem fim")
                return
            self.send(answer(line[:-1]))

    def read_line(self):
        return self.rfile.readline(MAX_LINE)

    def send(self, text):
        self.wfile.write(text.encode() + b"\n")
        #}


#~ # TODO 4: muitos clientes. Enquanto trata de um, este servidor não aceita
#~ # mais nenhum. Com `ThreadingTCPServer` há uma thread para cada cliente, e
#~ # todas precisam dos mesmos valores.
#~ class Server(socketserver.TCPServer):
#~     allow_reuse_address = True
#{
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    #}
    request_queue_size = 128


def main():
    #~ address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:65432"
    #~ host, port = address.rsplit(":", 1)
    #{
    host, port = sys.argv[1].rsplit(":", 1)
    #}
    with Server((host, int(port)), Client) as server:
        #~ print(f"Servidor de sensores a escutar em {address}")
        server.serve_forever()


if __name__ == "__main__":
    main()
