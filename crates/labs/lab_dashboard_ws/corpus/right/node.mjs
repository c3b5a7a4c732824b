// O exercício 5 em Node, com os frames feitos à mão.

import { createHash } from "node:crypto";
import http from "node:http";

const OWN = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const LONGEST = 1 << 20;
const QUEUE = 1 << 20; // o que pode esperar por um ecrã, em bytes
const [TEXT, BINARY, CLOSE, PING, PONG] = [1, 2, 8, 9, 10];
const rooms = new Map(); // de "sala nome" para o socket

function frame(opcode, payload) {
  const length = payload.length;
  let head;
  if (length < 126) {
    head = Buffer.from([0x80 | opcode, length]);
  } else if (length < 65536) {
    head = Buffer.from([0x80 | opcode, 126, length >> 8, length & 255]);
  } else {
    head = Buffer.alloc(10);
    head[0] = 0x80 | opcode;
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat([head, payload]);
}

// O frame que está no princípio, e quantos bytes ocupa.
function parse(bytes) {
  if (bytes.length < 2) return null;
  let [length, at] = [bytes[1] & 127, 2];
  if (length === 126) {
    if (bytes.length < 4) return null;
    [length, at] = [bytes.readUInt16BE(2), 4];
  } else if (length === 127) {
    if (bytes.length < 10) return null;
    [length, at] = [Number(bytes.readBigUInt64BE(2)), 10];
  }
  if (length > LONGEST) throw new Error("longo de mais");
  if (bytes.length < at + 4 + length) return null;
  const mask = bytes.subarray(at, at + 4);
  const payload = Buffer.from(bytes.subarray(at + 4, at + 4 + length));
  for (let i = 0; i < length; i++) payload[i] ^= mask[i & 3];
  const size = at + 4 + length;
  return { fin: bytes[0] & 128, opcode: bytes[0] & 15, payload, size };
}

const say = (socket, text) => socket.write(frame(TEXT, Buffer.from(text)));

function tell(key, text) {
  const [room, name] = key.split(" ");
  for (const [other, socket] of rooms) {
    const [where, who] = other.split(" ");
    const reads = socket.writableLength < QUEUE;
    if (where === room && who !== name && reads) say(socket, text);
  }
}

function handle(socket) {
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  let held = Buffer.alloc(0);
  let message = [];
  let kind = 0;
  let key = null;
  const hear = (text) => {
    if (key) return tell(key, `${key.split(" ")[1]}: ${text}`);
    const words = text.split(" ");
    const wanted = words.slice(1).join(" ");
    const good = words.length === 3 && words[0] === "JOIN" && words[1];
    if (!good || !words[2] || rooms.has(wanted)) {
      return say(socket, "ERR JOIN sala nome, ou nome ocupado");
    }
    key = wanted;
    rooms.set(key, socket);
    say(socket, "OK");
    tell(key, `+ ${words[2]}`);
  };
  const leave = () => {
    if (!key) return;
    rooms.delete(key);
    tell(key, `- ${key.split(" ")[1]}`);
    key = null;
  };
  const take = ({ fin, opcode, payload }) => {
    if (opcode === PING) return socket.write(frame(PONG, payload));
    if (opcode === CLOSE) {
      leave();
      return socket.end(frame(CLOSE, payload.subarray(0, 2)));
    }
    if (opcode === TEXT || opcode === BINARY) [kind, message] = [opcode, []];
    if (opcode > BINARY) return;
    message.push(payload);
    const all = Buffer.concat(message);
    if (all.length > LONGEST) throw new Error("longo de mais");
    if (fin && kind === TEXT) hear(utf8.decode(all));
  };
  socket.on("data", (bytes) => {
    held = Buffer.concat([held, bytes]);
    try {
      let one;
      while ((one = parse(held))) {
        held = held.subarray(one.size);
        take(one);
      }
    } catch {
      socket.destroy();
    }
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", leave);
}

const server = http.createServer((_, response) => response.end());
server.on("upgrade", (request, socket, head) => {
  const key = request.headers["sec-websocket-key"];
  const accept = createHash("sha1").update(key + OWN).digest("base64");
  socket.write(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" +
      `Connection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.setNoDelay();
  handle(socket);
  if (head.length > 0) socket.emit("data", head);
});
const [host, port] = process.argv[2].split(":");
server.listen(Number(port), host);
