//~ //! # Exercício 4: uma API REST de peças
//~ //!
//~ //! O enunciado está em `docs/labs/lab_items_crud.md`. O que falta fazer está
//~ //! marcado com TODO, pela ordem em que convém fazê-lo.
//~ //!
//~ //! ```console
//~ //! $ cargo run -p lab_items_crud
//~ //! API a escutar em http://127.0.0.1:8000
//~ //!
//~ //! # noutro terminal
//~ //! $ cargo run -p lab -- check lab_items_crud
//~ //! ```
//{
//! # Exercício 4, resolvido: uma API REST de peças
//!
//! `cargo run -p lab_items_crud --example lab_items_crud_solution`
//!
//! O ponto de partida, `src/main.rs`, faz-se deste ficheiro: as linhas com
//! `//~` ficam no lugar do que está entre `//{` e `//}`.
//}

//~ use std::{env, io, process};
//{
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{env, io, process};
//}

//~ use axum::http::StatusCode;
//~ use axum::routing::get;
//~ use axum::{Json, Router};
//~ use serde::Serialize;
//{
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::Value;
//}
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
    //~ // TODO 1: POST e GET de uma peça. Falta um sítio onde as guardar, que
    //~ // todas as funções vejam: `with_state`.
    //~ // TODO 2: os outros verbos.
    //~ Router::new().route("/items", get(list))
    //{
    Router::new()
        .route("/items", get(list).post(create))
        .route("/items/{id}", get(read).put(update).delete(delete))
        .with_state(Items::default())
    //}
}

/// Uma peça, como a API a mostra.
//~ #[derive(Serialize)]
//{
#[derive(Clone, Serialize)]
//}
struct Item {
    id: u64,
    name: String,
    price: f64,
    version: u64,
}
//{

/// Uma peça, como um cliente a envia.
#[derive(Deserialize)]
struct Part {
    name: String,
    price: f64,
    /// Só no PUT.
    version: Option<u64>,
}

/// As peças, e o id da última que se criou: só sobe.
#[derive(Default)]
struct Store {
    items: BTreeMap<u64, Item>,
    last: u64,
}

type Items = Arc<Mutex<Store>>;

fn lock(items: &Items) -> MutexGuard<'_, Store> {
    items.lock().unwrap_or_else(PoisonError::into_inner)
}
//}

//~ async fn list() -> (StatusCode, Json<Vec<Item>>) {
//~     let example = Item {
//~         id: 0,
//~         name: "por fazer".to_string(),
//~         price: 0.0,
//~         version: 0,
//~     };
//~     (StatusCode::NOT_IMPLEMENTED, Json(vec![example]))
//~ }
//{
/// Converte o corpo em dois passos, que falham com códigos diferentes.
fn parse(body: &[u8]) -> Result<Part, StatusCode> {
    let value: Value =
        serde_json::from_slice(body).map_err(|_| StatusCode::BAD_REQUEST)?;
    let part: Part = serde_json::from_value(value)
        .map_err(|_| StatusCode::UNPROCESSABLE_ENTITY)?;
    if part.name.is_empty() || part.price < 0.0 {
        return Err(StatusCode::UNPROCESSABLE_ENTITY);
    }
    Ok(part)
}

async fn list(State(items): State<Items>) -> Json<Vec<Item>> {
    Json(lock(&items).items.values().cloned().collect())
}

async fn create(
    State(items): State<Items>,
    body: Bytes,
) -> Result<Response, StatusCode> {
    let part = parse(&body)?;

    // Escolher o id e guardar a peça, com o mesmo lock.
    let mut store = lock(&items);
    store.last += 1;
    let item = Item {
        id: store.last,
        name: part.name,
        price: part.price,
        version: 1,
    };
    store.items.insert(item.id, item.clone());

    let location = [(header::LOCATION, format!("/items/{}", item.id))];
    Ok((StatusCode::CREATED, location, Json(item)).into_response())
}

async fn read(
    State(items): State<Items>,
    Path(id): Path<u64>,
) -> Result<Json<Item>, StatusCode> {
    let store = lock(&items);
    let item = store.items.get(&id).ok_or(StatusCode::NOT_FOUND)?;
    Ok(Json(item.clone()))
}

async fn update(
    State(items): State<Items>,
    Path(id): Path<u64>,
    body: Bytes,
) -> Result<Json<Item>, StatusCode> {
    let part = parse(&body)?;
    let version = part.version.ok_or(StatusCode::UNPROCESSABLE_ENTITY)?;

    // Comparar a versão e mudar a peça, com o mesmo lock: entre as duas não
    // entra a mudança de outro cliente.
    let mut store = lock(&items);
    let item = store.items.get_mut(&id).ok_or(StatusCode::NOT_FOUND)?;
    if version != item.version {
        return Err(StatusCode::CONFLICT);
    }
    item.name = part.name;
    item.price = part.price;
    item.version += 1;
    Ok(Json(item.clone()))
}

async fn delete(State(items): State<Items>, Path(id): Path<u64>) -> StatusCode {
    match lock(&items).items.remove(&id) {
        Some(_) => StatusCode::NO_CONTENT,
        None => StatusCode::NOT_FOUND,
    }
}
//}
