"""The lecture's items API with FastAPI, written for the measurement."""

import socket
import sys

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse

app = FastAPI()
ITEMS = {
    1: {"name": "Laptop", "price": 1200},
    2: {"name": "Mouse", "price": 50},
}


@app.get("/")
async def root():
    return {"message": "Ola, API!"}


@app.get("/items/{item_id}")
async def item(item_id: int):
    found = ITEMS.get(item_id)
    if found is None:
        return JSONResponse({"error": "Item not found"}, status_code=404)
    return found


host, port = sys.argv[1].rsplit(":", 1)
listener = socket.create_server((host, int(port)), backlog=1024)
print("API a escutar em http://%s:%d" % listener.getsockname(), flush=True)
uvicorn.Server(uvicorn.Config(app)).run(sockets=[listener])
