"""O exercício 9 em Python, com FastAPI, uvicorn e `paho-mqtt`."""

import asyncio
import json
import math
import sys
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
import uvicorn
from fastapi import FastAPI, WebSocket
from fastapi.responses import JSONResponse

# Quantos valores podem esperar por um ecrã.
QUEUE = 1024

values = {}
screens = set()


def number(payload):
    """O número que a mensagem traz; `None` se não for um número."""
    try:
        value = float(payload)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def tell(text):
    """Diz um texto a todos os ecrãs, sem esperar por nenhum."""
    for queue in list(screens):
        try:
            queue.put_nowait(text)
        except asyncio.QueueFull:
            pass  # não está a ler, e perde este


def learn(topic, payload):
    name = topic.split("/")[1]
    value = number(payload)
    if value is not None:
        values[name] = value
        tell(json.dumps({"nome": name, "valor": value}, ensure_ascii=False))


def on_connect(client, userdata, flags, reason_code, properties):
    # Em cada ligação: um broker que foi reiniciado já não sabe nada.
    client.subscribe("fabrica/+/valor", qos=1)


@asynccontextmanager
async def lifespan(app):
    url = urlsplit(sys.argv[2])
    loop = asyncio.get_running_loop()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.reconnect_delay_set(1, 1)
    client.on_connect = lambda *event: on_connect(*event)
    # A biblioteca trata da rede noutra thread: o que chega passa para esta.
    client.on_message = lambda client, userdata, message: (
        loop.call_soon_threadsafe(learn, message.topic, message.payload)
    )
    client.connect(url.hostname, url.port)
    client.loop_start()
    yield
    client.disconnect()
    client.loop_stop()


app = FastAPI(lifespan=lifespan)


def read_all():
    return values


def read_one(name):
    if name not in values:
        return {"erro": f"não há nenhum valor de {name}"}, 404
    return {"nome": name, "valor": values[name]}, 200


def leave(queue):
    screens.discard(queue)


@app.get("/valores")
async def get_all():
    return read_all()


@app.get("/valores/{name}")
async def get_one(name: str):
    return JSONResponse(*read_one(name))


async def write(socket, queue):
    while True:
        await socket.send_text(await queue.get())


@app.websocket("/vivo")
async def show(socket: WebSocket):
    # Antes de responder: quem já sabe que está ligado não perde nada.
    queue = asyncio.Queue(QUEUE)
    screens.add(queue)
    await socket.accept()
    writing = asyncio.create_task(write(socket, queue))
    try:
        # Um ecrã não tem nada para dizer, mas é assim que se vê que saiu.
        async for _ in socket.iter_text():
            pass
    finally:
        writing.cancel()
        leave(queue)


def run():
    host, port = sys.argv[1].rsplit(":", 1)
    uvicorn.run(
        app,
        host=host,
        port=int(port),
        log_level="critical",
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    run()
