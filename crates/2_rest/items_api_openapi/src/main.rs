//! # API REST com documentação
//!
//! O diapositivo «Exemplo: FastAPI (Python)», um passo à frente: todos os
//! verbos do diapositivo «Padrão de Comunicação REST» e aquilo por que se
//! escolhe o FastAPI, a documentação que se escreve a si própria.
//!
//! ```console
//! $ cargo run -p items_api_openapi
//! API a escutar em http://127.0.0.1:8000
//! POST /items → 201 Created
//! GET /items/3 → 200 OK
//! ^C
//!
//! # noutro terminal; no browser, abra http://127.0.0.1:8000/docs
//! $ curl -s -w '\n' --json '{"name":"Rato","price":9}' 127.0.0.1:8000/items
//! {"name":"Rato","price":9}
//! $ curl -s -w '\n' 127.0.0.1:8000/items/3
//! {"name":"Rato","price":9}
//! ```
//!
//! **O que muda.** A página `/docs` vem dentro do programa: não precisa de
//! Internet, ao contrário da do FastAPI. A um pedido que não serve é o axum
//! que responde, em texto: 400 se não é JSON, 415 se não diz que o é.
//!
//! **Experimente.** Em `/docs`, abra o POST e carregue em «Execute», duas vezes
//! seguidas; depois troque o preço por um negativo. Acrescente um campo ao tipo
//! `Item`: a documentação muda sozinha.

use std::collections::BTreeMap;
use std::sync::{LazyLock, atomic::AtomicI64, atomic::Ordering};
use std::{env, io, process};

use axum::extract::{Path, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response, Result};
use axum::{Json, middleware};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{net::TcpListener, signal, sync::Mutex};
use utoipa::{ToSchema, openapi::Info};
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::{Config, SwaggerUi};

const ADDRESS: &str = "127.0.0.1:8000";

// `ToSchema` descreve um tipo na documentação da API: que campos tem, de que
// tipo, com que limites. O texto vem dos comentários com três barras.

/// Um artigo à venda.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
struct Item {
    /// O nome, diferente do de todos os outros.
    #[schema(example = "Teclado")]
    name: String,
    /// O preço em euros.
    #[schema(example = 80, maximum = 65_535)]
    price: u16,
}

type Items = BTreeMap<i64, Item>;

/// A «base de dados». Agora muda: só um pedido de cada vez lhe pode mexer.
static ITEMS: LazyLock<Mutex<Items>> = LazyLock::new(|| {
    let item = |name: &str, price| {
        let name = name.to_string();
        Item { name, price }
    };
    Mutex::new([(1, item("Laptop", 1200)), (2, item("Mouse", 50))].into())
});

/// Um número nunca serve duas vezes, nem depois de o artigo ser apagado.
static NEXT_ID: AtomicI64 = AtomicI64::new(3);

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    let listener = TcpListener::bind(&address).await.unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível escutar em {address} ({error}). Escolha outro: \
             cargo run -p items_api_openapi -- 127.0.0.1:8001"
        );
        process::exit(1)
    });
    println!("API a escutar em http://{}", listener.local_addr()?);

    // `routes!` junta a cada função o que o seu `utoipa::path` diz dela. No
    // fim há duas coisas: quem responde aos pedidos, e a descrição da API.
    let (router, mut documentation) = OpenApiRouter::new()
        .routes(routes!(read_root))
        .routes(routes!(create_item))
        .routes(routes!(read_item, replace_item, delete_item))
        .split_for_parts();
    documentation.info = Info::new("Artigos", env!("CARGO_PKG_VERSION"));

    // A página pediria a um servidor na Internet que validasse o documento.
    let config = Config::default().validator_url("none").use_base_layout();
    let docs = SwaggerUi::new("/docs")
        .url("/openapi.json", documentation)
        .config(config.try_it_out_enabled(true));
    let app = router.merge(docs).layer(middleware::from_fn(log));
    tokio::select! {
        served = axum::serve(listener, app) => served,
        interrupted = signal::ctrl_c() => interrupted,
    }
}

/// Cumprimenta.
#[utoipa::path(
    get, path = "/",
    responses((status = 200, description = "Olá", body = Value)),
)]
async fn read_root() -> Json<Value> {
    Json(json!({ "message": "Ola, API!" }))
}

// Quando o corpo não serve é o axum que responde, com o código certo e a razão
// em texto: aqui só se documenta.

/// Cria um artigo.
#[utoipa::path(
    post, path = "/items", request_body = Item,
    responses(
        (status = 201, description = "Criado", body = Item,
            headers(("location" = String, description = "Onde ficou"))),
        (status = 400, description = "Não é JSON"),
        (status = 409, description = "Nome repetido", body = Value),
        (status = 413, description = "Corpo enorme"),
        (status = 415, description = "Não diz que é JSON"),
        (status = 422, description = "Não é um artigo"),
    ),
)]
async fn create_item(Json(item): Json<Item>) -> Result<impl IntoResponse> {
    let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    let mut items = ITEMS.lock().await;
    check_name(&items, id, &item)?;
    items.insert(id, item.clone());
    let location = [(header::LOCATION, format!("/items/{id}"))];
    Ok((StatusCode::CREATED, location, Json(item)))
}

/// Mostra um artigo.
#[utoipa::path(
    get, path = "/items/{item_id}", params(("item_id" = i64, Path)),
    responses(
        (status = 200, description = "O artigo", body = Item),
        (status = 400, description = "Não é um número"),
        (status = 404, description = "Não existe", body = Value),
    ),
)]
async fn read_item(Path(id): Path<i64>) -> Result<Json<Item>> {
    let items = ITEMS.lock().await;
    let item = items.get(&id).ok_or_else(unknown)?;
    Ok(Json(item.clone()))
}

/// Substitui um artigo.
#[utoipa::path(
    put, path = "/items/{item_id}", params(("item_id" = i64, Path)),
    request_body = Item,
    responses(
        (status = 200, description = "O artigo", body = Item),
        (status = 400, description = "Não é um número, ou não é JSON"),
        (status = 404, description = "Não existe", body = Value),
        (status = 409, description = "Nome repetido", body = Value),
        (status = 413, description = "Corpo enorme"),
        (status = 415, description = "Não diz que é JSON"),
        (status = 422, description = "Não é um artigo"),
    ),
)]
async fn replace_item(
    Path(id): Path<i64>,
    Json(item): Json<Item>,
) -> Result<Json<Item>> {
    let mut items = ITEMS.lock().await;
    check_name(&items, id, &item)?;
    *items.get_mut(&id).ok_or_else(unknown)? = item.clone();
    Ok(Json(item))
}

/// Apaga um artigo.
#[utoipa::path(
    delete, path = "/items/{item_id}", params(("item_id" = i64, Path)),
    responses(
        (status = 204, description = "Apagado"),
        (status = 400, description = "Não é um número"),
        (status = 404, description = "Não existe", body = Value),
    ),
)]
async fn delete_item(Path(id): Path<i64>) -> Result<StatusCode> {
    ITEMS.lock().await.remove(&id).ok_or_else(unknown)?;
    Ok(StatusCode::NO_CONTENT)
}

/// O código de estado e o corpo.
type Answer = (StatusCode, Json<Value>);

fn check_name(items: &Items, id: i64, item: &Item) -> Result<(), Answer> {
    let mut others = items.iter().filter(|(other, _)| **other != id);
    if others.any(|(_, other)| other.name == item.name) {
        let body = json!({ "error": "Another item has this name" });
        return Err((StatusCode::CONFLICT, Json(body)));
    }
    Ok(())
}

fn unknown() -> Answer {
    let body = json!({ "error": "Item not found" });
    (StatusCode::NOT_FOUND, Json(body))
}

// Fica à volta de todas as funções: vê passar o pedido e depois a resposta.
async fn log(request: Request, next: middleware::Next) -> Response {
    let line = format!("{} {}", request.method(), request.uri());
    let response = next.run(request).await;
    println!("{line} → {}", response.status());
    response
}
