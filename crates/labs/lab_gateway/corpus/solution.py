#{
"""O exercício 9 em Python, com as bibliotecas `websockets` e `paho-mqtt`."""
#}

import asyncio
import json
#{
import math
#}
import sys
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt
import websockets

#{
# Quantos valores podem esperar por um ecrã.
QUEUE = 1024

#}
values = {}
screens = set()


#{
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


#}
def learn(topic, payload):
    #~ # TODO 1: guarde o valor do sensor, se é um número. TODO 3: diga-o a
    #~ # todos os ecrãs, sem esperar por nenhum.
    #~ print(topic, payload)
    #{
    name = topic.split("/")[1]
    value = number(payload)
    if value is not None:
        values[name] = value
        tell(json.dumps({"nome": name, "valor": value}, ensure_ascii=False))
    #}


def on_connect(client, userdata, flags, reason_code, properties):
    # Em cada ligação: um broker que foi reiniciado já não sabe nada.
    #~ # TODO 1: subscreva os valores de todos os sensores, com QoS 1.
    #~ pass
    #{
    client.subscribe("fabrica/+/valor", qos=1)
    #}


def connect(url, loop):
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.reconnect_delay_set(1, 1)
    client.on_connect = lambda *event: on_connect(*event)
    # A biblioteca trata da rede noutra thread: o que chega passa para esta.
    client.on_message = lambda client, userdata, message: (
        loop.call_soon_threadsafe(learn, message.topic, message.payload)
    )
    client.connect(url.hostname, url.port)
    client.loop_start()
    return client


def read_all():
    #~ # TODO 2: responda com os valores que há.
    #~ return {}
    #{
    return values
    #}


def read_one(name):
    #~ # TODO 2: aqui também, se há um valor deste sensor.
    #~ return 404, {"erro": f"não há nenhum valor de {name}"}
    #{
    if name not in values:
        return 404, {"erro": f"não há nenhum valor de {name}"}
    return 200, {"nome": name, "valor": values[name]}
    #}


def read(path):
    """O código e o corpo da resposta a um pedido que não é um WebSocket."""
    match path.split("/"):
        case ["", "valores"]:
            return 200, read_all()
        case ["", "valores", name]:
            return read_one(unquote(name))
        case _:
            return 404, {"erro": "não há nada aqui"}


def answer(connection, request):
    if request.path == "/vivo":
        # Antes de responder: quem já sabe que está ligado não perde nada.
        #~ # TODO 3: junte-o aos ecrãs. Como se fala com cada um?
        #{
        connection.queue = asyncio.Queue(QUEUE)
        screens.add(connection.queue)
        #}
        return None
    status, body = read(request.path)
    text = json.dumps(body, ensure_ascii=False)
    response = connection.respond(status, text)
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "application/json"
    return response


#{
def leave(queue):
    screens.discard(queue)


async def write(socket):
    while True:
        await socket.send(await socket.queue.get())


#}
async def show(socket):
    #~ # TODO 3: envie a este ecrã cada valor que chega, até ele sair.
    #{
    writing = asyncio.create_task(write(socket))
    #}
    try:
        # Um ecrã não tem nada para dizer, mas é assim que se vê que saiu.
        async for _ in socket:
            pass
    except websockets.ConnectionClosed:
        pass
    #{
    finally:
        writing.cancel()
        leave(socket.queue)
    #}


async def main():
    #~ address = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:8000"
    #~ url = sys.argv[2] if len(sys.argv) > 2 else "mqtt://127.0.0.1:1883"
    #~ host, port = address.rsplit(":", 1)
    #~ client = connect(urlsplit(url), asyncio.get_running_loop())
    #{
    host, port = sys.argv[1].rsplit(":", 1)
    client = connect(urlsplit(sys.argv[2]), asyncio.get_running_loop())
    #}
    try:
        async with websockets.serve(
            show,
            host,
            int(port),
            process_request=answer,
            compression=None,
            close_timeout=1,  # ao terminar, não espera por quem não responde
        ) as server:
            #~ print(f"Valores em http://{address}/valores")
            await server.serve_forever()
    finally:
        client.disconnect()
        client.loop_stop()


def run():
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    run()
