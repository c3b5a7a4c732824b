
import http from "node:http";

const { WebSocketServer } = await library("ws");
const { default: mqtt } = await library("mqtt");

// TODO 1: os últimos valores, pelo nome do sensor.
const values = new Map();

// Aprende um valor, se é um valor.
function learn(topic, payload) {
  // TODO 1: guarde-o. TODO 3: diga-o a todos os ecrãs (`screens.clients`), sem
  // esperar por nenhum: veja `bufferedAmount`.
  console.log(topic, payload);
}

// O código e o valor da resposta a um pedido: aqui não há sockets.
function read(path) {
  const [, first, name, ...more] = path.split("/");
  if (first !== "valores" || more.length > 0) {
    return [404, { erro: "não há nada aqui" }];
  }
  // TODO 2: responda com os valores que há, ou com o do sensor.
  if (name === undefined) return [200, {}];
  const sensor = decodeURIComponent(name);
  return [404, { erro: `não há nenhum valor de ${sensor}` }];
}

const address = process.argv[2] ?? "127.0.0.1:8000";
const url = process.argv[3] ?? "mqtt://127.0.0.1:1883";
const [host, port] = address.split(":");

const client = mqtt.connect(url, { reconnectPeriod: 1000 });
// Em cada ligação: um broker que foi reiniciado já não sabe nada.
client.on("connect", () => {
  // TODO 1: subscreva os valores de todos os sensores, com QoS 1.
});
client.on("message", (topic, payload) => learn(topic, payload.toString()));
client.on("error", (error) => console.error(`${error}`));

const server = http.createServer((request, response) => {
  const [status, value] = read(request.url);
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(value));
});

// TODO 3: um ecrã não tem nada para dizer; recebe cada valor, até sair.
const screens = new WebSocketServer({ server, path: "/vivo" });
screens.on("connection", (screen) => {
  screen.on("error", () => screen.terminate());
});

server.listen(Number(port), host, () => {
  console.log(`Valores em http://${address}/valores`);
});

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
