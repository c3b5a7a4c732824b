// O exercício 6 em Node, com os pacotes de MQTT 3.1.1 feitos à mão.

import net from "node:net";

const TEMPERATURES = "fabrica/+/temperatura";
const STATE = "fabrica/termostato/estado";
const orders = new Map();

const string = (text) => {
  const bytes = Buffer.from(text);
  return Buffer.concat([number(bytes.length), bytes]);
};

const number = (value) => Buffer.from([value >> 8, value & 255]);

function packet(first, ...parts) {
  const body = Buffer.concat(parts);
  const size = [];
  let left = body.length;
  do {
    size.push((left & 127) | (left > 127 ? 128 : 0));
    left >>= 7;
  } while (left > 0);
  return Buffer.concat([Buffer.from([first, ...size]), body]);
}

// O pacote que está no princípio, e quantos bytes ocupa.
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

let socket;
let id = 0;
const waiting = new Map(); // o que espera por uma confirmação

function publish(topic, text, then) {
  id = (id % 65535) + 1;
  if (then) waiting.set(id, then);
  const body = [string(topic), number(id), Buffer.from(text)];
  socket.write(packet(0x33, ...body));
}

function order(text) {
  if (!/^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?$/i.test(text)) return;
  const celsius = Number(text);
  if (!Number.isFinite(celsius)) return;
  if (celsius < 19) return "ON";
  if (celsius > 21) return "OFF";
}

function measure(topic, text) {
  const zone = topic.split("/")[1];
  const wanted = order(text);
  if (wanted && wanted !== orders.get(zone)) {
    orders.set(zone, wanted);
    publish(`fabrica/${zone}/aquecimento`, wanted);
  }
}

function take({ first, body }) {
  switch (first >> 4) {
    case 2: // CONNACK
      id = (id % 65535) + 1;
      socket.write(
        packet(0x82, number(id), string(TEMPERATURES), Buffer.from([1])),
      );
      publish(STATE, "online");
      for (const [zone, last] of orders) {
        publish(`fabrica/${zone}/aquecimento`, last);
      }
      break;
    case 3: {
      const qos = (first >> 1) & 3;
      const end = 2 + body.readUInt16BE(0);
      const topic = body.subarray(2, end).toString();
      const from = qos > 0 ? end + 2 : end;
      if (qos === 1) socket.write(packet(0x40, body.subarray(end, from)));
      measure(topic, body.subarray(from).toString());
      break;
    }
    case 4: { // PUBACK
      const then = waiting.get(body.readUInt16BE(0));
      if (then) then();
    }
  }
}

const [host, port] = process.argv[2].replace("mqtt://", "").split(":");

function connect() {
  let held = Buffer.alloc(0);
  socket = net.connect(Number(port), host, () => {
    // Limpa, com testamento retido de QoS 1.
    const flags = Buffer.from([4, 0b00101110, 0, 30]);
    const will = [string(STATE), string("offline")];
    const name = string(`termostato-${process.pid}`);
    socket.write(packet(0x10, string("MQTT"), flags, name, ...will));
  });
  socket.on("data", (bytes) => {
    held = Buffer.concat([held, bytes]);
    let one;
    while ((one = parse(held))) {
      held = held.subarray(one.size);
      take(one);
    }
  });
  socket.on("error", () => {});
  socket.on("close", () => setTimeout(connect, 400));
}

const pings = setInterval(() => socket.write(packet(0xc0)), 10_000);
pings.unref();

process.on("SIGINT", () => {
  const leave = () => {
    socket.write(packet(0xe0), () => process.exit(0));
  };
  setTimeout(() => process.exit(0), 1000);
  publish(STATE, "offline", leave);
});

connect();
