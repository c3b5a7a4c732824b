"""O exercício 9 com uma thread para cada ecrã, e uma fila por número de textos.
O ecrã só entra na lista um momento depois de estar ligado."""

import http
import json
import math
import os
import queue
import sys
import threading
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response
from websockets.sync.server import serve

lock = threading.Lock()
values, screens = {}, {}


def on_message(client, userdata, message):
    try:
        value = float(message.payload)
    except ValueError:
        return
    if not math.isfinite(value):
        return
    name = message.topic.split("/")[1]
    with lock:
        values[name] = value
        for socket, waiting in list(screens.items()):
            try:
                waiting.put_nowait(json.dumps({"nome": name, "valor": value}))
            except queue.Full:
                del screens[socket]


def answer(status, what):
    body = json.dumps(what).encode()
    headers = Headers(
        [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
        ]
    )
    return Response(status.value, status.phrase, headers, body)


def process_request(connection, request):
    path = urlsplit(request.path).path
    if path == "/vivo":
        return None
    parts = path.split("/")[1:]
    with lock:
        if parts == ["valores"]:
            return answer(http.HTTPStatus.OK, values)
        if len(parts) == 2 and parts[0] == "valores":
            name = unquote(parts[1])
            if name in values:
                what = {"nome": name, "valor": values[name]}
                return answer(http.HTTPStatus.OK, what)
    return answer(http.HTTPStatus.NOT_FOUND, {})


def screen(socket):
    waiting = queue.Queue(20_000)
    with lock:
        screens[socket] = waiting

    def drain():
        try:
            for _ in socket:
                pass
        except ConnectionClosed:
            pass
        with lock:
            screens.pop(socket, None)
        over.set()

    over = threading.Event()
    threading.Thread(target=drain, daemon=True).start()
    try:
        while not over.is_set():
            try:
                socket.send(waiting.get(timeout=0.5))
            except queue.Empty:
                pass
    except ConnectionClosed:
        pass


url = urlsplit(sys.argv[2])
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
client.on_connect = lambda client, *_: client.subscribe("fabrica/+/valor")
client.on_message = on_message
client.reconnect_delay_set(min_delay=1, max_delay=1)
client.connect_async(url.hostname, url.port or 1883)
client.loop_start()

host, port = sys.argv[1].rsplit(":", 1)
with serve(
    screen, host, int(port), process_request=process_request, compression=None
) as server:
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
client.disconnect()
os._exit(0)
