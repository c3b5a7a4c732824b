//{
// O exercício 2 em Node.
//}

import dgram from "node:dgram";

//~ // TODO 2: o que é preciso guardar, para cada nome, para fazer as contas?
const sensors = new Map();

//{
const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function sensor(name) {
  const known = sensors.get(name);
  return (
    known ?? { seen: new Set(), highest: 0, twice: 0, late: 0, sum: 0 }
  );
}

function take(name, number, value) {
  const known = sensor(name);
  sensors.set(name, known);
  if (known.seen.has(number)) {
    known.twice += 1;
    return;
  }
  known.seen.add(number);
  known.sum += value;
  if (number < known.highest) known.late += 1;
  known.highest = Math.max(known.highest, number);
}

function report(name) {
  const { seen, highest, twice, late, sum } = sensor(name);
  const mean = seen.size ? sum / seen.size : 0;
  return (
    `${name} received=${seen.size} lost=${highest - seen.size} ` +
    `duplicated=${twice} out_of_order=${late} mean=${mean.toFixed(2)}`
  );
}

//}
//~ // A resposta a um datagrama, se tiver resposta: aqui não há sockets.
//~ function answer(datagram) {
//~   // TODO 2: `DATA nome número valor` guarda-se em `sensors`.
//~   // TODO 3: `REPORT nome` tem como resposta as contas desse sensor.
//~   // O que não se percebe não tem resposta.
//~   return undefined;
//~ }
//~
const socket = dgram.createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
socket.on("message", (datagram, peer) => {
  //~ // TODO 1: se houver resposta, envie-a, com `socket.send`, a quem enviou o
  //~ // datagrama: `peer`.
  //~ answer(datagram);
  //{
  let words;
  try {
    words = text.decode(datagram).split(" ");
  } catch {
    return;
  }
  if (words.includes("")) return;
  if (words.length === 4 && words[0] === "DATA") {
    const [, name, number, value] = words;
    const counts = /^[0-9]+$/.test(number) ? Number(number) : 0;
    const good = counts >= 1 && counts < 2 ** 32;
    if (good && /^[-+]?[0-9]+(\.[0-9]+)?$/.test(value)) {
      take(name, counts, Number(value));
    }
  } else if (words.length === 2 && words[0] === "REPORT") {
    socket.send(report(words[1]), peer.port, peer.address);
  }
  //}
});
//~ const address = process.argv[2] ?? "127.0.0.1:65432";
//~ const [host, port] = address.split(":");
//~ socket.bind(Number(port), host, () => {
//~   console.log(`Telemetria a escutar em ${address}`);
//~ });
//{
const [host, port] = process.argv[2].split(":");
socket.bind(Number(port), host);
//}
