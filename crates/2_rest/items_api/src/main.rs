//! # API REST
//!
//! O diapositivo «Exemplo: FastAPI (Python)» em Rust, com axum.
//!
//! ```console
//! $ cargo run -p items_api
//! API a escutar em http://127.0.0.1:8000
//! GET /items/1 → 200 OK
//! GET /items/99 → 404 Not Found
//! ^C
//!
//! # noutro terminal, ou no browser
//! $ curl -s -w '\n' http://127.0.0.1:8000/items/1
//! {"name":"Laptop","price":1200}
//! $ curl -s -w '\n' http://127.0.0.1:8000/items/99
//! {"error":"Item not found"}
//! ```
//!
//! **O que muda.** A um artigo que não existe, o diapositivo responde 200, que
//! quer dizer «correu bem»: um cliente teria de ler o corpo para saber que não.
//! Aqui o corpo é o mesmo e o código é 404. A documentação em `/docs` é o passo
//! seguinte: `items_api_openapi`. Para estar na Internet faltaria um limite de
//! tempo: o `axum::serve` espera para sempre por quem se liga e não pede nada.
//!
//! **Experimente.** Peça `/items/abc`, e depois faça um POST a `/items/1`
//! (`curl -i -X POST …`): que códigos vêm? Acrescente uma rota `/items`.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::{env, io, process};

use axum::extract::{Path, Request, rejection::PathRejection};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router, middleware};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::signal;

const ADDRESS: &str = "127.0.0.1:8000";

/// A «base de dados» em memória.
static ITEMS: LazyLock<BTreeMap<i64, Value>> = LazyLock::new(|| {
    BTreeMap::from([
        (1, json!({ "name": "Laptop", "price": 1200 })),
        (2, json!({ "name": "Mouse", "price": 50 })),
    ])
});

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    let listener = TcpListener::bind(&address).await.unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível escutar em {address} ({error}). Escolha outro: \
             cargo run -p items_api -- 127.0.0.1:8001"
        );
        process::exit(1)
    });
    println!("API a escutar em http://{}", listener.local_addr()?);

    // A API inteira: cada caminho, o seu verbo e a função que lhe responde.
    let app = Router::new()
        .route("/", get(read_root))
        .route("/items/{item_id}", get(read_item))
        .fallback(|| failure(StatusCode::NOT_FOUND))
        .method_not_allowed_fallback(|| failure(StatusCode::METHOD_NOT_ALLOWED))
        .layer(middleware::from_fn(log));
    tokio::select! {
        served = axum::serve(listener, app) => served,
        interrupted = signal::ctrl_c() => interrupted,
    }
}

async fn read_root() -> Json<Value> {
    Json(json!({ "message": "Ola, API!" }))
}

/// O código de estado e o corpo.
type Answer = (StatusCode, Json<Value>);

// O tipo do parâmetro diz de onde ele vem: `Path` é o `{item_id}` do caminho.
// Nem todo o caminho é texto (`/items/%FF` não é UTF-8): por isso o `Result`.
async fn read_item(path: Result<Path<String>, PathRejection>) -> Answer {
    let input = path.map_or("\u{fffd}".to_string(), |Path(input)| input);

    // `Path<i64>` faria esta conversão sozinho, mas explicaria o erro em texto.
    // Quem usa uma API espera JSON: onde está o erro, qual é, e que valor veio.
    let Ok(id) = input.parse() else {
        let detail = json!([{
            "type": "int_parsing",
            "loc": ["path", "item_id"],
            "msg": "Input should be a valid integer, \
                    unable to parse string as an integer",
            "input": input,
        }]);
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        return (status, Json(json!({ "detail": detail })));
    };

    match ITEMS.get(&id) {
        Some(item) => (StatusCode::OK, Json(item.clone())),
        None => {
            let body = json!({ "error": "Item not found" });
            (StatusCode::NOT_FOUND, Json(body))
        }
    }
}

async fn failure(status: StatusCode) -> Answer {
    (status, Json(json!({ "detail": status.canonical_reason() })))
}

// Fica à volta de todas as funções: vê passar o pedido e depois a resposta.
async fn log(request: Request, next: middleware::Next) -> Response {
    let line = format!("{} {}", request.method(), request.uri());
    let response = next.run(request).await;
    println!("{line} → {}", response.status());
    response
}
