//{
// O exercício 4 em Node, só com o que vem com ele.
//}

import http from "node:http";

//~ // TODO 1: um sítio onde guardar as peças.
//{
const items = new Map();
let last = 0;
//}

class Refused extends Error {
  constructor(status) {
    super(`${status}`);
    this.status = status;
  }
}

//{
function parse(body, versioned) {
  let part;
  try {
    part = JSON.parse(body);
  } catch {
    throw new Refused(400);
  }
  const good =
    part !== null &&
    typeof part === "object" &&
    typeof part.name === "string" &&
    part.name !== "" &&
    typeof part.price === "number" &&
    part.price >= 0 &&
    (!versioned || Number.isInteger(part.version));
  if (!good) throw new Refused(422);
  return part;
}

function find(id) {
  if (!items.has(id)) throw new Refused(404);
  return items.get(id);
}

//}
//~ // O código e o valor da resposta a um pedido: aqui não há sockets.
function route(method, path, body) {
  //~ // TODO 1: o POST e o GET de uma peça, e depois os outros verbos. O código
  //~ // certo diz o que está mal: `throw new Refused(404)`.
  //~ if (method === "GET" && path === "/items") {
  //~   return [501, [{ id: 0, name: "por fazer" }]];
  //~ }
  //~ throw new Refused(501);
  //{
  const words = path.split("/").slice(1);
  if (words[0] !== "items" || words.length > 2) throw new Refused(404);
  if (words.length === 1) {
    if (method === "GET") return [200, [...items.values()]];
    if (method !== "POST") throw new Refused(405);
    const { name, price } = parse(body, false);
    const item = { id: ++last, name, price, version: 1 };
    items.set(item.id, item);
    return [201, item];
  }
  const id = /^[0-9]+$/.test(words[1]) ? Number(words[1]) : -1;
  if (method === "GET") return [200, find(id)];
  if (method === "DELETE") {
    find(id);
    items.delete(id);
    return [204];
  }
  if (method !== "PUT") throw new Refused(405);
  const part = parse(body, true);
  const item = find(id);
  if (part.version !== item.version) throw new Refused(409);
  Object.assign(item, { name: part.name, price: part.price });
  item.version += 1;
  return [200, item];
  //}
}

const server = http.createServer((request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    const body = Buffer.concat(pieces).toString();
    let status, value;
    try {
      [status, value] = route(request.method, request.url, body);
    } catch (error) {
      [status, value] = [error.status ?? 500, { error: error.message }];
    }
    response.statusCode = status;
    if (status === 201) response.setHeader("Location", `/items/${value.id}`);
    if (value === undefined) return response.end();
    response.setHeader("Content-Type", "application/json");
    //{
    // Sem Content-Length: em pedaços.
    //}
    response.write(JSON.stringify(value));
    response.end();
  });
});

//~ const address = process.argv[2] ?? "127.0.0.1:8000";
//~ const [host, port] = address.split(":");
//~ server.listen(Number(port), host, 512, () => {
//~   console.log(`API a escutar em http://${address}`);
//~ });
//{
const [host, port] = process.argv[2].split(":");
server.listen(Number(port), host, 512);
//}
