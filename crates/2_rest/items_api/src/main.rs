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
//! Aqui o corpo é o mesmo e o código é 404. HEAD tem resposta, como o HTTP
//! manda; e um inteiro escreve-se só com algarismos (o FastAPI aceita `1.0`).
//! A documentação em `/docs` é o passo seguinte: `items_api_openapi`.
//!
//! **Experimente.** Peça `/items/abc`, e depois faça um POST a `/items/1`
//! (`curl -i -X POST …`): que códigos vêm? Acrescente uma rota `/items` que
//! responda com todos os artigos.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::{signal, time};

const ADDRESS: &str = "127.0.0.1:8000";

#[derive(Clone, Copy, Serialize)]
struct Item {
    name: &'static str,
    price: u32,
}

/// A «base de dados» em memória: a mesma para todos os pedidos.
type Items = Arc<BTreeMap<i64, Item>>;

/// A API inteira: cada caminho, o seu verbo e a função que lhe responde.
fn app() -> Router {
    let item = |name, price| Item { name, price };
    let items = [(1, item("Laptop", 1200)), (2, item("Mouse", 50))];
    Router::new()
        .route("/", get(read_root))
        .route("/items/{item_id}", get(read_item))
        .route("/items/{item_id}/", any(without_slash))
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn(log))
        .with_state(Items::new(items.into()))
}

async fn read_root() -> Json<Value> {
    Json(json!({ "message": "Ola, API!" }))
}

// O tipo de cada parâmetro diz de onde ele vem: `State` é o que se deu ao
// `Router`; `Path`, o `{item_id}` do caminho.
async fn read_item(
    State(items): State<Items>,
    path: Result<Path<String>, PathRejection>,
) -> Response {
    // Nem todo o caminho é texto: `/items/%FF` não é UTF-8.
    let input = path.map_or("\u{fffd}".to_string(), |Path(input)| input);

    // `Path<i64>` faria esta conversão sozinho, mas explicaria o erro em texto.
    // Quem usa uma API espera JSON: onde está o erro, qual é, e que valor veio.
    let Ok(id) = input.parse() else {
        let body = json!({ "detail": [{
            "type": "int_parsing",
            "loc": ["path", "item_id"],
            "msg": "Input should be a valid integer, \
                    unable to parse string as an integer",
            "input": input,
        }] });
        return (StatusCode::UNPROCESSABLE_ENTITY, Json(body)).into_response();
    };

    match items.get(&id) {
        Some(item) => Json(item).into_response(),
        None => {
            let body = json!({ "error": "Item not found" });
            (StatusCode::NOT_FOUND, Json(body)).into_response()
        }
    }
}

async fn without_slash(uri: Uri) -> Redirect {
    Redirect::temporary(uri.path().trim_end_matches('/'))
}

async fn not_found() -> impl IntoResponse {
    let body = json!({ "detail": "Not Found" });
    (StatusCode::NOT_FOUND, Json(body))
}

async fn method_not_allowed() -> impl IntoResponse {
    // Um 405 tem de dizer que verbos servem.
    let allow = [(header::ALLOW, "GET")];
    let body = json!({ "detail": "Method Not Allowed" });
    (StatusCode::METHOD_NOT_ALLOWED, allow, Json(body))
}

// Fica à volta de todas as funções: vê passar o pedido e depois a resposta.
async fn log(request: Request, next: Next) -> Response {
    let line = format!("{} {}", request.method(), request.uri());
    let response = next.run(request).await;
    println!("{line} → {}", response.status());
    response
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    match serve(&address).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(address: &str) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        format!(
            "Não foi possível escutar em {address}: a porta está ocupada ou \
             o endereço não serve ({error}). Escolha outro: \
             cargo run -p items_api -- 127.0.0.1:8001"
        )
    })?;
    let url = format!("http://{}", listener.local_addr()?);

    // `biased` começa por armar o Ctrl-C, antes de dizer que está pronto.
    let clients = GracefulShutdown::new();
    tokio::select! {
        biased;
        interrupted = signal::ctrl_c() => interrupted?,
        () = accept_clients(&listener, &clients, &url) => {}
    }

    // Fecha a porta, e deixa sair as respostas que já vão a caminho.
    drop(listener);
    let _ = time::timeout(Duration::from_secs(2), clients.shutdown()).await;
    Ok(())
}

// `axum::serve` faria isto numa linha, mas espera para sempre por quem se liga
// e não acaba de pedir. O hyper, que lê o HTTP por ele, sabe desistir.
async fn accept_clients(
    listener: &TcpListener,
    clients: &GracefulShutdown,
    url: &str,
) {
    println!("API a escutar em {url}");
    let app = TowerToHyperService::new(app());
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(10))
        .half_close(true); // quem já disse tudo ainda espera pela resposta
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let stream = TokioIo::new(stream);
                let client = http.serve_connection(stream, app.clone());
                tokio::spawn(clients.watch(client));
            }
            Err(error) => {
                // Sem descritores livres: esperar que algum cliente saia.
                eprintln!("Ligação não aceite: {error}");
                time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
