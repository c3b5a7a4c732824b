#{
"""O exercício 4 em Python, só com a biblioteca que vem com a linguagem."""
#}

import json
import sys
#{
import threading
#}
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#~ # TODO 1: um sítio onde guardar as peças. As threads são muitas.
#{
lock = threading.Lock()
items = {}
last = 0
#}


class Refused(Exception):
    """Um pedido que não se pode fazer: o código da resposta."""


#{
def parse(body):
    try:
        part = json.loads(body)
    except ValueError:
        raise Refused(400)
    match part:
        case {"name": str(name), "price": int() | float() as price} if name:
            if price >= 0:
                return part
    raise Refused(422)


def find(id):
    if id not in items:
        raise Refused(404)
    return items[id]


def create(part):
    global last
    with lock:
        last += 1
        item = {
            "id": last,
            "name": part["name"],
            "price": part["price"],
            "version": 1,
        }
        items[last] = item
        return item


def update(id, part):
    if not isinstance(part.get("version"), int):
        raise Refused(422)
    with lock:
        item = find(id)
        if item["version"] != part["version"]:
            raise Refused(409)
        item.update(name=part["name"], price=part["price"])
        item["version"] += 1
        return item


def delete(id):
    with lock:
        find(id)
        del items[id]


#}
class Client(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_request(self):
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        try:
            self.route(body)
        except Refused as refused:
            self.answer(refused.args[0], {"error": str(refused)})

    do_GET = do_POST = do_PUT = do_DELETE = handle_request

    def route(self, body):
        #~ # TODO 1: o POST e o GET de uma peça, e depois os outros verbos. O
        #~ # código certo diz o que está mal: `raise Refused(404)`.
        #~ if (self.command, self.path) == ("GET", "/items"):
        #~     self.answer(501, [{"id": 0, "name": "por fazer"}])
        #~ else:
        #~     raise Refused(501)
        #{
        match self.command, self.path.strip("/").split("/"):
            case "GET", ["items"]:
                self.answer(200, list(items.values()))
            case "POST", ["items"]:
                item = create(parse(body))
                self.answer(201, item, f"/items/{item['id']}")
            case "GET", ["items", id] if id.isdigit():
                self.answer(200, find(int(id)))
            case "PUT", ["items", id] if id.isdigit():
                self.answer(200, update(int(id), parse(body)))
            case "DELETE", ["items", id] if id.isdigit():
                delete(int(id))
                self.answer(204)
            case _, ["items", id] if not id.isdigit():
                raise Refused(404)
            case _, ["items"] | ["items", _]:
                raise Refused(405)
            case _:
                raise Refused(404)
        #}

    def answer(self, status, value=None, location=None):
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        if value is not None:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128


def main():
    #~ address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:8000"
    #~ host, port = address.rsplit(":", 1)
    #{
    host, port = sys.argv[1].rsplit(":", 1)
    #}
    with Server((host, int(port)), Client) as server:
        #~ print(f"API a escutar em http://{address}")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
