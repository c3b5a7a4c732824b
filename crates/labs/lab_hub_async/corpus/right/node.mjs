//{
// O exercício 3 em Node, que já só tem uma thread para isto.
//}

import net from "node:net";

//{
const IDLE = 2000;
const QUEUE = 1 << 20; // o que pode esperar por um ecrã, em bytes
const MAX_LINE = 2048;
//}
const displays = new Set();

function show(line) {
  //~ // TODO 3: diga uma linha a todos os ecrãs, sem esperar por nenhum. Quanto
  //~ // pode ficar à espera de um que não lê? Veja `writableLength`.
  //{
  for (const display of displays) {
    if (display.writableLength < QUEUE) display.write(line);
  }
  //}
}

function handle(socket) {
  //~ // TODO 1: a primeira linha, até «\n», diz quem é: responda OK a `DISPLAY`
  //~ // e a `SENSOR nome`; a qualquer outra, ERR, e a ligação acaba. Um «data»
  //~ // pode trazer metade de uma linha, ou três.
  //~ // TODO 2: junte cada ecrã a `displays`, e passe a `show` o que vem de um
  //~ // sensor.
  //~ // TODO 4: um sensor que demora dois segundos com uma linha tem BYE.
  //~ socket.on("data", () => socket.end());
  //{
  let held = Buffer.alloc(0);
  let role; // uma função, depois da apresentação
  let timer;
  const waits = () => {
    clearTimeout(timer);
    timer = setTimeout(() => socket.end("BYE\n"), IDLE);
  };
  const hello = (line) => {
    const words = line.split(" ");
    if (words.length === 1 && words[0] === "DISPLAY") {
      clearTimeout(timer);
      displays.add(socket);
      socket.write("OK\n");
      return () => {};
    }
    if (words.length === 2 && words[0] === "SENSOR" && words[1]) {
      socket.write("OK\n");
      return (value) => show(`${words[1]} ${value}\n`);
    }
    socket.end("ERR DISPLAY, ou SENSOR e um nome\n");
    return () => {};
  };
  waits();
  socket.on("data", (bytes) => {
    if (displays.has(socket)) return;
    held = Buffer.concat([held, bytes]);
    let end;
    while ((end = held.indexOf(10)) >= 0) {
      const line = held.subarray(0, end).toString();
      held = held.subarray(end + 1);
      if (role) {
        role(line);
      } else {
        role = hello(line);
      }
      if (!displays.has(socket)) waits();
    }
    if (held.length > MAX_LINE) socket.destroy();
  });
  //}
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    //{
    clearTimeout(timer);
    //}
    displays.delete(socket);
  });
}

//~ const address = process.argv[2] ?? "127.0.0.1:65432";
//~ const [host, port] = address.split(":");
//~ net.createServer(handle).listen(Number(port), host, 1024, () => {
//~   console.log(`A servir em ${address}`);
//~ });
//{
const [host, port] = process.argv[2].split(":");
net.createServer(handle).listen(Number(port), host, 1024);
//}
