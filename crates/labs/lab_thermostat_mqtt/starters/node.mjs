
const { default: mqtt } = await library("mqtt");

const TEMPERATURES = "fabrica/+/temperatura";
const STATE = "fabrica/termostato/estado";

// A última ordem de cada zona.
const orders = new Map();

// A ordem que uma medida pede, se é uma medida e se pede alguma.
function order(payload) {
  // TODO 2: `ON`, `OFF` ou nenhuma. E o que não é um número?
  return undefined;
}

function publish(topic, payload) {
  client.publish(topic, payload, { qos: 1, retain: true });
}

const url = process.argv[2] ?? "mqtt://127.0.0.1:1883";
const client = mqtt.connect(url, {
  reconnectPeriod: 1000,
  // TODO 3: deixe um testamento: a opção `will`.
});

// Em cada ligação: um broker que foi reiniciado já não sabe nada.
client.on("connect", () => {
  console.log(`Termóstato ligado a ${url}`);
  // TODO 1: subscreva TEMPERATURES, com QoS 1, e depois publique `online`.
  // TODO 4: e a última ordem de cada zona.
});

client.on("message", (topic, payload) => {
  // TODO 2: se a temperatura pede uma ordem, e é diferente da última dessa
  // zona, publique-a em `fabrica/ZONA/aquecimento`.
  console.log(topic, payload.toString());
});

client.on("error", (error) => console.error(`${error}`));

process.on("SIGINT", () => {
  // TODO 5: quem sai a bem di-lo: `offline`, antes de se despedir.
  client.end(false, {}, () => process.exit(0));
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
