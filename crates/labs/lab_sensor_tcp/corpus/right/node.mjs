//{
// O exercício 1 em Node, com as leituras em pausa enquanto o cliente não lê.
//}

import net from "node:net";

//{
const MAX_LINE = 1024;
const values = new Map();
const text = new TextDecoder("utf-8", { fatal: true });

//}
//~ // A resposta a uma linha, sem os fins de linha: aqui não há sockets.
function answer(line) {
  //~ // TODO 2: separe as palavras e responda a SET e a GET. Falta um sítio onde
  //~ // guardar os valores. A tudo o resto, até ao que não é texto, ERR.
  //~ return `ERR por fazer: ${line}`;
  //{
  let words;
  try {
    words = text.decode(line).split(" ");
  } catch {
    return "ERR não é texto";
  }
  if (words.includes("")) return "ERR palavra vazia";
  if (words.length === 3 && words[0] === "SET") {
    values.set(words[1], words[2]);
    return "OK";
  }
  if (words.length === 2 && words[0] === "GET" && values.has(words[1])) {
    return `OK ${values.get(words[1])}`;
  }
  return "ERR comando ou sensor desconhecido";
  //}
}

function handle(socket) {
  //~ // TODO 1: junte o que vem até haver uma linha inteira, até «\n», e
  //~ // responda-lhe. Um «data» pode trazer metade de uma linha, ou três.
  //~ // TODO 3: uma linha de mais de 1024 bytes tem ERR, e fecha-se a ligação.
  //~ // TODO 4: quem não lê as respostas não pode encher a memória: veja o que
  //~ // `socket.write` devolve, e `socket.pause`.
  //~ socket.on("data", (bytes) => {
  //~   answer(bytes);
  //~   socket.end();
  //{
  let held = Buffer.alloc(0);
  let over = false;
  socket.on("data", (bytes) => {
    if (over) return;
    held = Buffer.concat([held, bytes]);
    const answers = [];
    for (;;) {
      const end = held.indexOf(10);
      if (end > MAX_LINE - 1 || (end < 0 && held.length >= MAX_LINE)) {
        answers.push("ERR linha sem fim");
        over = true;
        break;
      }
      if (end < 0) break;
      answers.push(answer(held.subarray(0, end)));
      held = held.subarray(end + 1);
    }
    const all = answers.map((one) => one + "\n").join("");
    if (over) {
      socket.end(all);
    } else if (all && !socket.write(all)) {
      socket.pause();
      socket.once("drain", () => socket.resume());
    }
    //}
  });
  socket.on("end", () => socket.end());
  socket.on("error", () => socket.destroy());
}

//~ const address = process.argv[2] ?? "127.0.0.1:65432";
//~ const [host, port] = address.split(":");
//{
const [host, port] = process.argv[2].split(":");
//}
net
  .createServer({ allowHalfOpen: true }, handle)
  //~ .listen(Number(port), host, 511, () => {
  //~   console.log(`Servidor de sensores a escutar em ${address}`);
  //~ });
  //{
  .listen(Number(port), host, 511);
//}
