//! Lab 4: a REST API that creates, reads, changes and deletes.

use serde_json::{Value, json};

use crate::bytes::{Expected, summarised};
use crate::check::{Check, Lab, Needs};
use crate::outcome::{Failure, Kind, Outcome};
use crate::peers::http::{HttpClient, Response, request};
use crate::trial::Trial;

pub const LAB: Lab = Lab {
    name: "lab_items_crud",
    title: "uma API REST de peças: criar, ler, mudar, apagar",
    needs: Needs::Nothing,
    checks: &[
        Check {
            name: "create_read",
            about: "POST cria uma peça, com 201, e GET devolve-a",
            demands: &[1, 3, 16],
            cause: "O corpo do POST é JSON, e o da resposta também: o que veio, \
                    mais `id` e `version`. Experimente à mão: curl -i -X POST \
                    -H 'Content-Type: application/json' -d '{\"name\":\"a\",\
                    \"price\":1}' http://127.0.0.1:8000/items",
            slide: "Exemplo: FastAPI (Python)",
            read: "items_api",
            run: create_read,
        },
        Check {
            name: "location",
            about: "a resposta ao POST diz onde ficou a peça, em Location",
            demands: &[1],
            cause: "Quem criou precisa de saber o endereço do que criou: o \
                    cabeçalho Location tem o caminho, /items/ e o id.",
            slide: "Padrão de Comunicação REST (Req/Rep) i",
            read: "items_api",
            run: location,
        },
        Check {
            name: "list",
            about: "GET /items devolve todas as peças, pela ordem dos id",
            demands: &[2],
            cause: "É uma lista JSON, mesmo sem nenhuma peça: [].",
            slide: "Exemplo: FastAPI (Python)",
            read: "items_api",
            run: list,
        },
        Check {
            name: "update",
            about: "PUT muda uma peça, e a versão passa à seguinte",
            demands: &[4],
            cause: "PUT traz a peça toda: nome, preço e a versão que o cliente \
                    leu. Se é a atual, guarda-se com a versão seguinte, e \
                    devolve-se como ficou.",
            slide: "Padrão de Comunicação REST (Req/Rep) i",
            read: "items_api",
            run: update,
        },
        Check {
            name: "delete",
            about: "DELETE apaga, com 204 e sem corpo",
            demands: &[5, 8, 11],
            cause: "204 quer dizer «feito, e não há nada para mostrar». Depois \
                    disso a peça não existe, e o seu id não volta a servir.",
            slide: "Padrão de Comunicação REST (Req/Rep) i",
            read: "items_api",
            run: delete,
        },
        Check {
            name: "accents",
            about: "um nome com acentos volta inteiro",
            demands: &[12],
            cause: "Content-Length conta bytes, e não caracteres: em UTF-8, \
                    «ç» são dois.",
            slide: "Formato de Dados: JSON",
            read: "items_api_on_sockets",
            run: accents,
        },
        Check {
            name: "not_found",
            about: "o que não existe é 404, seja qual for o verbo",
            demands: &[8],
            cause: "O código é que diz que correu mal: um 200 com um erro no \
                    corpo, como o do diapositivo, engana os clientes.",
            slide: "Exemplo: FastAPI (Python)",
            read: "items_api",
            run: not_found,
        },
        Check {
            name: "validation",
            about: "dados que não servem são 422, e não mudam nada",
            demands: &[7],
            cause: "O nome é um texto que não está vazio, o preço um número \
                    que não é negativo, e faltar um deles também é um erro. \
                    Verifique tudo antes de guardar.",
            slide: "Formato de Dados: JSON",
            read: "json_document",
            run: validation,
        },
        Check {
            name: "bad_json",
            about: "um corpo que não é JSON é 400, e o servidor continua",
            demands: &[6],
            cause: "Converter JSON pode falhar, e o erro é do cliente: 400. Um \
                    500 quer dizer que o servidor não o previu.",
            slide: "Formato de Dados: JSON",
            read: "json_document",
            run: bad_json,
        },
        Check {
            name: "method",
            about: "um verbo que um caminho não tem é 405",
            demands: &[9],
            cause: "Não confunda com 404: o caminho existe, o verbo é que não.",
            slide: "Padrão de Comunicação REST (Req/Rep) i",
            read: "items_api",
            run: method,
        },
        Check {
            name: "delivery",
            about: "um pedido aos pedaços, ou dois juntos, é como os outros",
            demands: &[13],
            cause: "O HTTP anda sobre TCP: o corpo pode chegar depois do \
                    cabeçalho, e Content-Length diz quando está todo.",
            slide: "Sockets vs. APIs REST",
            read: "items_api_on_sockets",
            run: delivery,
        },
        Check {
            name: "conflict",
            about: "duas mudanças da mesma versão: uma passa, a outra é 409",
            demands: &[10, 14],
            cause: "Sem isto, a segunda apagava a primeira sem ninguém saber. \
                    Compare a versão do PUT com a que está guardada, dentro \
                    do mesmo lock em que a muda.",
            slide: "APIs REST: A Linguagem da Web",
            read: "items_api",
            run: conflict,
        },
        Check {
            name: "at_once",
            about: "trinta clientes a criar ao mesmo tempo: trinta id diferentes",
            demands: &[11, 14],
            cause: "Escolher o id e guardar a peça é uma só operação: entre as \
                    duas não pode entrar outro cliente.",
            slide: "A Solução: I/O Assíncrono (Async IO)",
            read: "items_api",
            run: at_once,
        },
        #[cfg(unix)]
        Check {
            demands: &[15],
            ..super::CTRL_C
        },
    ],
    hints: &[
        "Comece por `items_api`: os caminhos `/items` e `/items/{id}`, e um \
         mapa dos id para as peças, com um lock, se houver várias threads. \
         Primeiro só o POST e o GET.\n\
         Em Rust, um `BTreeMap` dentro de um `Mutex`; em Python, um `dict` e \
         um `threading.Lock`.",
        "O código vai com a resposta: o do POST é 201, e leva o cabeçalho \
         `Location`.\n\
         Em Rust, com axum, responda `(StatusCode::CREATED, \
         [(header::LOCATION, caminho)], Json(item))`. Em Python, com \
         `http.server`, `send_response(201)` e `send_header`; com FastAPI, \
         `status_code=201` e `response.headers`.",
        "Para distinguir 400 de 422, converta o corpo em dois passos: se não \
         é JSON, é 400; se é JSON e não é uma peça, é 422.\n\
         Em Rust, receba o corpo como `Bytes`: `serde_json::from_slice` para \
         `Value`, e daí para a peça. Em Python, `json.loads`, e depois uma \
         pergunta por campo.",
        "O contador dos id só sobe, mesmo depois de um DELETE. Guarde-o ao \
         lado do mapa, com o mesmo lock.",
        "No PUT, tudo com o mesmo lock: a peça existe (404)? A versão é a atual \
         (409)? Então muda-se, e a versão sobe.",
    ],
};

/// A part that nobody else makes.
fn part(trial: &mut Trial) -> Value {
    let price: f64 = trial.random.measure().parse().unwrap_or(1.5);
    json!({ "name": trial.random.sensor(), "price": price })
}

/// The body must be this JSON, in whatever order and with whatever spaces.
fn is_json(response: &Response, expected: &Value) -> Outcome {
    let sent = response.json();
    if sent.as_ref().is_some_and(|sent| same(sent, expected)) {
        return Ok(());
    }
    let Some(sent) = sent else {
        return Err(Failure::new("o corpo da resposta não é JSON"));
    };
    // With its fields in the same order, the first difference is a real one.
    Err(
        Failure::new("o corpo da resposta não é o esperado").comparing(
            Expected::exactly(expected.to_string()),
            ordered(&sent, expected).to_string().as_bytes(),
        ),
    )
}

/// 1200 and 1200.0 are one number.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let field = |(name, a)| b.get(name).is_some_and(|b| same(a, b));
            a.len() == b.len() && a.iter().all(field)
        }
        _ => a == b,
    }
}

/// `sent` with the fields that `expected` has first, in its order.
fn ordered(sent: &Value, expected: &Value) -> Value {
    match (sent, expected) {
        (Value::Object(sent), Value::Object(expected)) => {
            let known = expected.keys().filter_map(|name| {
                Some((name.clone(), sent.get(name)?.clone()))
            });
            let others = sent
                .iter()
                .filter(|(name, _)| !expected.contains_key(name.as_str()));
            let others =
                others.map(|(name, value)| (name.clone(), value.clone()));
            Value::Object(known.chain(others).collect())
        }
        (Value::Array(sent), Value::Array(expected)) => {
            let empty = Value::Null;
            let pairs = sent.iter().enumerate();
            pairs
                .map(|(index, one)| {
                    ordered(one, expected.get(index).unwrap_or(&empty))
                })
                .collect()
        }
        _ => sent.clone(),
    }
}

/// Creates a part and gives it as it should be from now on.
fn created(client: &mut HttpClient, part: &Value) -> Outcome<Value> {
    let response = client.asks("POST", "/items", Some(part), 201)?;
    let sent = response.json().unwrap_or_default();
    let id = sent["id"].as_u64().unwrap_or(1);
    let mut item = json!({ "id": id });
    item["name"] = part["name"].clone();
    item["price"] = part["price"].clone();
    item["version"] = json!(1);
    is_json(&response, &item)?;
    Ok(item)
}

fn path(item: &Value) -> String {
    format!("/items/{}", item["id"])
}

fn create_read(trial: &mut Trial) -> Outcome {
    let part = part(trial);
    let mut client = HttpClient::connect(trial)?;
    let item = created(&mut client, &part)?;
    let response = client.asks("GET", &path(&item), None, 200)?;
    is_json(&response, &item)
}

fn location(trial: &mut Trial) -> Outcome {
    let part = part(trial);
    let mut client = HttpClient::connect(trial)?;
    let response = client.asks("POST", "/items", Some(&part), 201)?;
    let sent = response.json().unwrap_or_default();
    let wanted = path(&sent);
    let location = response.header("location").unwrap_or_default();
    if location.ends_with(&wanted) {
        return Ok(());
    }
    Err(
        Failure::new("o cabeçalho Location não diz onde está a peça")
            .comparing(
                Expected::exactly(format!("Location: {wanted}")),
                format!("Location: {location}").as_bytes(),
            ),
    )
}

fn list(trial: &mut Trial) -> Outcome {
    let parts = [part(trial), part(trial), part(trial)];
    let mut client = HttpClient::connect(trial)?;
    let response = client.asks("GET", "/items", None, 200)?;
    is_json(&response, &json!([]))?;
    let mut items = Vec::new();
    for part in &parts {
        items.push(created(&mut client, part)?);
    }
    let response = client.asks("GET", "/items", None, 200)?;
    is_json(&response, &json!(items))?;
    // 10 comes after 9, and a part that is changed stays where it is.
    while items.len() < 11 {
        items.push(created(&mut client, &part(trial))?);
    }
    let mut change = part(trial);
    change["version"] = json!(1);
    let response = client.asks("PUT", &path(&items[1]), Some(&change), 200)?;
    items[1] = response.json().unwrap_or_default();
    let response = client.asks("GET", "/items", None, 200)?;
    is_json(&response, &json!(items))
}

fn update(trial: &mut Trial) -> Outcome {
    let (part, other) = (part(trial), part(trial));
    let mut client = HttpClient::connect(trial)?;
    let mut item = created(&mut client, &part)?;
    for version in 1..=2 {
        let mut change = other.clone();
        change["version"] = json!(version);
        let response = client.asks("PUT", &path(&item), Some(&change), 200)?;
        item["name"] = other["name"].clone();
        item["price"] = other["price"].clone();
        item["version"] = json!(version + 1);
        is_json(&response, &item)?;
    }
    let response = client.asks("GET", &path(&item), None, 200)?;
    is_json(&response, &item)
}

fn delete(trial: &mut Trial) -> Outcome {
    let (part, other) = (part(trial), part(trial));
    let mut client = HttpClient::connect(trial)?;
    let item = created(&mut client, &part)?;
    client.asks("DELETE", &path(&item), None, 204)?;
    client.asks("GET", &path(&item), None, 404)?;
    client.asks("DELETE", &path(&item), None, 404)?;
    let next = created(&mut client, &other)?;
    if next["id"] == item["id"] {
        return Err(Failure::new(
            "uma peça nova tem o id de uma que foi apagada",
        )
        .because(
            "Quem guardou o id antigo passava a ver outra peça. O contador dos \
             id só sobe.",
        ));
    }
    Ok(())
}

fn accents(trial: &mut Trial) -> Outcome {
    let mut part = part(trial);
    part["name"] = json!("peça n.º 7, aço, ø 60 mm");
    let mut client = HttpClient::connect(trial)?;
    let item = created(&mut client, &part)?;
    let response = client.asks("GET", &path(&item), None, 200)?;
    is_json(&response, &item)
}

fn not_found(trial: &mut Trial) -> Outcome {
    let mut change = part(trial);
    change["version"] = json!(1);
    let mut client = HttpClient::connect(trial)?;
    let nobody = format!("/items/{}", trial.random.between(1000, 9999));
    client.asks("GET", &nobody, None, 404)?;
    client.asks("PUT", &nobody, Some(&change), 404)?;
    client.asks("DELETE", &nobody, None, 404)?;
    for path in [
        format!("/{}", trial.random.sensor()),
        format!("/itemsx/{}", trial.random.below(100)),
        format!("/{}/items", trial.random.sensor()),
    ] {
        client.asks("GET", &path, None, 404)?;
    }
    // What is no id is no part: libraries say so in different ways.
    let path = format!("/items/{}", trial.random.sensor());
    client.sends_request("GET", &path, None)?;
    client.expects_status(&[404, 400, 422])?;
    Ok(())
}

fn validation(trial: &mut Trial) -> Outcome {
    let (part, mut gift) = (part(trial), part(trial));
    gift["price"] = json!(0);
    let mut client = HttpClient::connect(trial)?;
    let items = [created(&mut client, &part)?, created(&mut client, &gift)?];
    for wrong in [
        json!({ "price": 1.5 }),
        json!({ "name": "roda" }),
        json!({ "name": "", "price": 1.5 }),
        json!({ "name": 7, "price": 1.5 }),
        json!({ "name": "roda", "price": "caro" }),
        json!({ "name": "roda", "price": -1 }),
        json!([1, 2]),
    ] {
        client.asks("POST", "/items", Some(&wrong), 422)?;
    }
    for wrong in [
        json!({ "name": "", "price": 2, "version": 1 }),
        json!({ "name": "roda", "price": 2 }),
        json!({ "name": "roda", "version": 1 }),
        json!({ "price": 2, "version": 1 }),
        json!({ "name": "roda", "price": "caro", "version": 1 }),
        json!({ "name": "roda", "price": -1, "version": 1 }),
    ] {
        client.asks("PUT", &path(&items[0]), Some(&wrong), 422)?;
    }
    let response = client.asks("GET", "/items", None, 200)?;
    is_json(&response, &json!(items))
}

fn bad_json(trial: &mut Trial) -> Outcome {
    let part = part(trial);
    // Frameworks differ about nothing at all: that may be either.
    for (wrong, statuses) in [
        ("{\"name\": ", &[400][..]),
        ("olá", &[400]),
        ("", &[400, 422]),
    ] {
        let mut client = HttpClient::connect(trial)?;
        client.sends_request("POST", "/items", Some(wrong))?;
        client.expects_status(statuses)?;
    }
    let mut client = HttpClient::connect(trial)?;
    let item = created(&mut client, &part)?;
    client.sends_request("PUT", &path(&item), Some("{\"name\": "))?;
    client.expects_status(&[400])?;
    Ok(())
}

fn method(trial: &mut Trial) -> Outcome {
    let part = part(trial);
    let mut client = HttpClient::connect(trial)?;
    let item = created(&mut client, &part)?;
    client.asks("DELETE", "/items", None, 405)?;
    client.asks("POST", &path(&item), Some(&part), 405)?;
    client.asks("PUT", "/items", Some(&part), 405)?;
    Ok(())
}

fn delivery(trial: &mut Trial) -> Outcome {
    let (part, other) = (part(trial), part(trial));
    let mut client = HttpClient::connect(trial)?;
    let body = part.to_string();
    client.did(format!(
        "pede, byte a byte, POST /items com {}",
        summarised(body.as_bytes())
    ));
    let post = request("POST", "/items", Some(&body));
    client.sends(&[("POST", post)], true)?;
    let response = client.expects_status(&[201])?;
    let sent = response.json().unwrap_or_default();

    // The same connection, and two requests in one segment.
    let body = other.to_string();
    let get = path(&sent);
    client.did(format!(
        "pede, num só segmento, POST /items com {} e GET {get}",
        summarised(body.as_bytes())
    ));
    let first = request("POST", "/items", Some(&body));
    let second = request("GET", &get, None);
    client.sends(&[("POST", first), ("GET", second)], false)?;
    client.expects_status(&[201])?;
    let response = client.expects_status(&[200])?;
    is_json(&response, &sent)?;

    // The name of a header is the same in any case.
    let lower = request("POST", "/items", Some(&body))
        .replace("Content-Length", "content-length")
        .replace("Content-Type", "CONTENT-TYPE");
    client.did(
        "pede POST /items, com os cabeçalhos content-length e CONTENT-TYPE",
    );
    client.sends(&[("POST", lower)], false)?;
    client.expects_status(&[201]).map_err(|failure| {
        failure.because(
            "O nome de um cabeçalho de HTTP vale o mesmo em maiúsculas e em \
             minúsculas: uma biblioteca de HTTP trata disso.",
        )
    })?;
    Ok(())
}

/// Why the second client gets no answer.
const ONE_AT_A_TIME: &str = "Enquanto um cliente tem a ligação aberta, o programa não responde a mais \
     nenhum. Cada ligação precisa da sua thread, ou da sua tarefa \
     (`ThreadingHTTPServer`, e não `HTTPServer`).";

fn conflict(trial: &mut Trial) -> Outcome {
    let (part, other) = (part(trial), part(trial));
    let mut one = HttpClient::connect(trial)?;
    let mut two = HttpClient::connect(trial)?;
    let item = created(&mut one, &part)?;
    let mut change = other.clone();
    change["version"] = json!(1);
    let mut mine = other.clone();
    mine["name"] = json!("a outra mudança");
    mine["version"] = json!(1);
    let path = path(&item);
    let response = one.asks("PUT", &path, Some(&change), 200)?;
    let refused = two.asks("PUT", &path, Some(&mine), 409);
    refused.map_err(|failure| match failure.kind {
        Kind::Hung => failure.because(ONE_AT_A_TIME),
        _ => failure,
    })?;
    let now = two.asks("GET", &path, None, 200)?;
    let after = response.json().unwrap_or_default();
    is_json(&now, &after)?;

    // And now all at the same time, many times.
    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push(HttpClient::connect(trial)?);
    }
    trial
        .steps
        .add("oito clientes", "mudam ao mesmo tempo a mesma versão");
    for version in 2..=11 {
        let mut change = other.clone();
        change["version"] = json!(version);
        let body = change.to_string();
        for client in &mut clients {
            client.sends_quietly("PUT", &path, Some(&body))?;
        }
        let mut statuses = Vec::new();
        for client in &mut clients {
            statuses.push(client.reads_response()?.status);
        }
        let strange = |status: &&u16| ![200, 409].contains(*status);
        if let Some(status) = statuses.iter().find(strange) {
            return Err(Failure::new(format!(
                "o código da resposta é {status}, e devia ser 200 ou 409"
            )));
        }
        let done = statuses.iter().filter(|status| **status == 200).count();
        if done != 1 {
            return Err(Failure::new(if done > 1 {
                "de oito mudanças da mesma versão, ao mesmo tempo, passou mais \
                 do que uma"
            } else {
                "de oito mudanças da mesma versão, ao mesmo tempo, não passou \
                 nenhuma"
            }));
        }
    }
    Ok(())
}

fn at_once(trial: &mut Trial) -> Outcome {
    let part = part(trial);
    let body = part.to_string();
    let mut clients = Vec::new();
    for _ in 0..30 {
        clients.push(HttpClient::connect(trial)?);
    }
    for client in &mut clients {
        client.sends_request("POST", "/items", Some(&body))?;
    }
    let mut ids = Vec::new();
    for client in &mut clients {
        let response = client.expects_status(&[201])?;
        let sent = response.json().unwrap_or_default();
        ids.push(sent["id"].as_u64());
    }
    ids.sort_unstable();
    ids.dedup();
    if ids.len() < clients.len() {
        return Err(Failure::new("clientes diferentes têm o mesmo id"));
    }
    Ok(())
}
