
const { WebSocketServer } = await library("ws");

// O texto mais longo que se distribui, em bytes.
const LONGEST = 1 << 20;

// TODO 2: quem está em cada sala, e como se fala com cada um?
const rooms = new Map();

// Diz um texto a todos os outros da sala, sem esperar por nenhum.
function tell(room, name, text) {
  // TODO 5: um cliente que não lê não pode encher a memória: veja
  // `bufferedAmount`.
}

function handle(socket) {
  socket.on("message", (data, isBinary) => {
    // TODO 1: até vir um `JOIN sala nome` que sirva, cada texto tem resposta:
    // OK a esse, e ERR aos outros. `socket.send(texto)` responde.
    // TODO 3: daí em diante, o que este cliente diz vai para os outros da sala,
    // com `tell`. Anuncie quem entra e, com o evento «close», quem sai.
    // TODO 4: um frame binário não vai a ninguém.
    socket.close();
  });
  socket.on("error", () => socket.terminate());
}

const address = process.argv[2] ?? "127.0.0.1:8765";
const [host, port] = address.split(":");
const server = new WebSocketServer({
  host,
  port: Number(port),
  maxPayload: LONGEST,
});
server.on("connection", handle);
server.on("listening", () => console.log(`Salas em ws://${address}`));

// As bibliotecas instalam-se na pasta deste ficheiro.
async function library(name) {
  try {
    return await import(name);
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    console.error(`Falta a biblioteca «${name}»: npm install ${name}`);
    process.exit(1);
  }
}
