// O exercício 9 em Node, com os pacotes de MQTT e os frames feitos à mão.

import { createHash } from "node:crypto";
import http from "node:http";
import net from "node:net";

const OWN = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const QUEUE = 4 << 20; // o que pode esperar por um ecrã, em bytes
const values = new Map();
const screens = new Set();

function learn(topic, text) {
  const name = topic.split("/")[1];
  if (!/^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?$/i.test(text)) return;
  const value = Number(text);
  if (!Number.isFinite(value)) return;
  values.set(name, value);
  const message = text_frame(JSON.stringify({ nome: name, valor: value }));
  for (const screen of screens) {
    if (screen.writableLength < QUEUE) screen.write(message);
  }
}

// HTTP e WebSocket.

function text_frame(text) {
  const payload = Buffer.from(text);
  const length = payload.length;
  const head =
    length < 126 ? [length] : [126, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([0x81, ...head]), payload]);
}

function read(path) {
  if (path === "/valores") return [200, Object.fromEntries(values)];
  const name = path.startsWith("/valores/") && path.slice(9);
  if (!name || name.includes("/")) return [404, { erro: "nada" }];
  const known = decodeURIComponent(name);
  if (!values.has(known)) return [404, { erro: "nenhum valor" }];
  return [200, { nome: known, valor: values.get(known) }];
}

const server = http.createServer((request, response) => {
  const [status, body] = read(request.url);
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
});

server.on("upgrade", (request, socket) => {
  if (request.url !== "/vivo") return socket.end("HTTP/1.1 404 Nada\r\n\r\n");
  const key = request.headers["sec-websocket-key"];
  const accept = createHash("sha1").update(key + OWN).digest("base64");
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" +
      `Connection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  screens.add(socket);
  socket.on("data", (bytes) => {
    // De um ecrã só interessa a despedida, que vem sozinha.
    if ((bytes[0] & 15) === 8) socket.end(Buffer.from([0x88, 0]));
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => screens.delete(socket));
});

// MQTT.

const string = (text) => {
  const bytes = Buffer.from(text);
  return Buffer.concat([
    Buffer.from([bytes.length >> 8, bytes.length & 255]),
    bytes,
  ]);
};

const packet = (first, ...parts) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([first, body.length]), body]);
};

function parse(bytes) {
  let [length, at, shift] = [0, 1, 0];
  do {
    if (bytes.length <= at) return null;
    length |= (bytes[at] & 127) << shift;
    shift += 7;
  } while (bytes[at++] & 128);
  if (bytes.length < at + length) return null;
  const body = bytes.subarray(at, at + length);
  return { first: bytes[0], body, size: at + length };
}

const [, , address, url] = process.argv;
const broker = url.replace("mqtt://", "").split(":");

function connect() {
  let held = Buffer.alloc(0);
  const socket = net.connect(Number(broker[1]), broker[0], () => {
    const flags = Buffer.from([4, 2, 0, 0]);
    socket.write(
      packet(0x10, string("MQTT"), flags, string(`ponte-${process.pid}`)),
    );
  });
  socket.on("data", (bytes) => {
    held = Buffer.concat([held, bytes]);
    let one;
    while ((one = parse(held))) {
      held = held.subarray(one.size);
      const { first, body } = one;
      if (first >> 4 === 2) {
        const filter = string("fabrica/+/valor");
        const id = Buffer.from([0, 1]);
        socket.write(packet(0x82, id, filter, Buffer.from([1])));
      } else if (first >> 4 === 3) {
        const end = 2 + body.readUInt16BE(0);
        const from = first & 6 ? end + 2 : end;
        if (first & 6) socket.write(packet(0x40, body.subarray(end, from)));
        const topic = body.subarray(2, end).toString();
        learn(topic, body.subarray(from).toString());
      }
    }
  });
  socket.on("error", () => {});
  socket.on("close", () => setTimeout(connect, 400));
}

const [host, port] = address.split(":");
server.listen(Number(port), host);
connect();
