
import { setTimeout as sleep } from "node:timers/promises";

const zmq = await library("zeromq");

// TODO 4: quanto se espera, no fim, por quem ainda não recebeu tudo, em
// milissegundos?
const LINGER = 0;

// Tarefas, resultados e lotes: três portas seguidas.
function endpoints(endpoint) {
  const [, host, port] = endpoint.match(/^(.*):([0-9]+)$/);
  return [0, 1, 2].map((offset) => `${host}:${Number(port) + offset}`);
}

async function work(tasksAt, resultsAt, pause) {
  const tasks = new zmq.Request({ linger: LINGER });
  tasks.connect(tasksAt);
  const results = new zmq.Push({ linger: LINGER });
  results.connect(resultsAt);
  console.log(`Worker de ${tasksAt} para ${resultsAt}`);
  for (;;) {
    // TODO 1: peça uma tarefa com READY, faça-a, envie o resultado ao sink, e
    // outra vez; até vir END. E se vier outra coisa? `receive` dá todos os
    // frames de uma mensagem.
    await sleep(Math.max(pause, 100));
  }
}

async function collect(resultsAt, batchesAt) {
  const results = new zmq.Pull({ linger: LINGER });
  await results.bind(resultsAt);
  const batches = new zmq.Reply({ linger: LINGER });
  await batches.bind(batchesAt);
  console.log(`Sink a escutar em ${resultsAt} e ${batchesAt}`);
  for (;;) {
    // TODO 2: receba de um socket e do outro, cada um no seu ciclo. A resposta
    // ao BATCH só se envia quando há um resultado de cada tarefa.
    await sleep(100);
  }
}

async function ventilate(tasksAt, batchesAt, count) {
  const workers = new zmq.Reply({ linger: LINGER });
  await workers.bind(tasksAt);
  const sink = new zmq.Request({ linger: LINGER });
  sink.connect(batchesAt);
  console.log(`Ventilator de ${count} tarefas a escutar em ${tasksAt}`);
  for (;;) {
    // TODO 3: anuncie o lote ao sink, e responda a cada pedido dos workers.
    // Quando é que já ninguém vem pedir mais?
    await sleep(100);
  }
}

const words = process.argv.slice(2);
const known = words[0]?.includes("://");
const endpoint = known ? words.shift() : "tcp://127.0.0.1:5557";
const [tasksAt, resultsAt, batchesAt] = endpoints(endpoint);
const [role, number] = words;
if (role === "worker") {
  await work(tasksAt, resultsAt, Number(number ?? 0));
} else if (role === "sink") {
  await collect(resultsAt, batchesAt);
} else if (role === "ventilator") {
  await ventilate(tasksAt, batchesAt, Number(number));
} else {
  console.error("O papel: ventilator N, worker [MS] ou sink");
  process.exit(1);
}

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
