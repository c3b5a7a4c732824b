
const { default: amqp } = await library("amqplib");

const [PARTS, DONE, DEAD] = ["pecas", "pecas.feitas", "pecas.mortas"];

// O nome e o trabalho de uma peça; nada, se não for uma.
function part(content) {
  // TODO 3: o que não é um nome, um espaço e de um a cem pontos não é uma peça.
  return undefined;
}

async function prepare(channel) {
  // TODO 1: declare as três filas, como o enunciado as descreve, e peça uma só
  // mensagem por confirmar de cada vez.
}

async function handle(channel, message) {
  // TODO 2: trabalhe o tempo que a peça pede, publique o resultado e
  // confirme-a, por esta ordem. O canal diz quando o broker guardou o que se
  // publicou: veja `waitForConfirms`.
  // TODO 3: rejeite o que não é uma peça, sem o devolver à fila.
  // TODO 4: se já tinha sido entregue antes, diga-o no resultado.
  part(message.content);
}

const url = process.argv[2] ?? "amqp://127.0.0.1:5672";
// TODO 5: quando a ligação se perde, ligue-se outra vez, até conseguir.
const connection = await amqp.connect(url);
const channel = await connection.createConfirmChannel();
console.log("Máquina ligada ao broker");
await prepare(channel);
// TODO 1: receba de PARTS, com `channel.consume`, e passe cada mensagem a
// `handle`.

process.on("SIGINT", async () => {
  // TODO 6: depois do Ctrl-C, acabe a peça que tem em mãos.
  await connection.close();
  process.exit(0);
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
