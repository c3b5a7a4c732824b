"""The items API of the lecture's slide, as FastAPI and uvicorn serve it."""

import socket

import uvicorn
from fastapi import FastAPI

app = FastAPI()
items = {
    1: {"name": "Laptop", "price": 1200},
    2: {"name": "Mouse", "price": 50},
}


@app.get("/")
def read_root():
    return {"message": "Ola, API!"}


@app.get("/items/{item_id}")
def read_item(item_id: int):
    return items.get(item_id, {"error": "Item not found"})


listener = socket.create_server(("127.0.0.1", 0))
host, port = listener.getsockname()
print(f"http://{host}:{port}")
config = uvicorn.Config(app, log_level="warning")
uvicorn.Server(config).run(sockets=[listener])
