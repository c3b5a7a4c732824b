//! # Exercício 4: uma API REST de peças
//!
//! O enunciado está em `docs/labs/lab_items_crud.md`. O que falta fazer está
//! marcado com TODO, pela ordem em que convém fazê-lo.
//!
//! ```console
//! $ cargo run -p lab_items_crud
//! API a escutar em http://127.0.0.1:8000
//!
//! # noutro terminal
//! $ cargo run -p lab -- check lab_items_crud
//! ```

use std::{env, io, process};

use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use tokio::net::TcpListener;

const ADDRESS: &str = "127.0.0.1:8000";

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    let listener = TcpListener::bind(&address).await.unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível escutar em {address} ({error}). Escolha outro: \
             cargo run -p lab_items_crud -- 127.0.0.1:8001"
        );
        process::exit(1)
    });
    println!("API a escutar em http://{}", listener.local_addr()?);
    axum::serve(listener, app()).await
}

/// A API inteira: cada caminho, os seus verbos e a função que responde.
fn app() -> Router {
    // TODO 1: POST e GET de uma peça. Falta um sítio onde as guardar, que
    // todas as funções vejam: `with_state`.
    // TODO 2: os outros verbos.
    Router::new().route("/items", get(list))
}

/// Uma peça, como a API a mostra.
#[derive(Serialize)]
struct Item {
    id: u64,
    name: String,
    price: f64,
    version: u64,
}

async fn list() -> (StatusCode, Json<Vec<Item>>) {
    let example = Item {
        id: 0,
        name: "por fazer".to_string(),
        price: 0.0,
        version: 0,
    };
    (StatusCode::NOT_IMPLEMENTED, Json(vec![example]))
}
