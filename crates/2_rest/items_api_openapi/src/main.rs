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
//! Internet, ao contrário da do FastAPI. Um corpo que não é JSON recebe 400, e
//! um que não diz que o é recebe 415; o FastAPI responde 422 a ambos.
//!
//! **Experimente.** Em `/docs`, abra o POST e carregue em «Execute», duas vezes
//! seguidas; depois troque o preço por um negativo. Acrescente um campo ao tipo
//! `Item`: a documentação muda sozinha.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response, Result};
use axum::{Json, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::{signal, time};
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, SwaggerUi};

const ADDRESS: &str = "127.0.0.1:8000";

/// Quanto tempo tem um pedido para chegar: os cabeçalhos, e depois o corpo.
const TIME_LIMIT: Duration = Duration::from_secs(10);

// `ToSchema` descreve um tipo na documentação da API: que campos tem, de que
// tipo, com que limites. O texto vem dos comentários com três barras.

/// Um artigo à venda.
#[derive(Clone, Deserialize, Serialize, ToSchema)]
struct Item {
    /// O nome, diferente do de todos os outros.
    #[schema(min_length = 1, max_length = 100, example = "Teclado")]
    name: String,
    /// O preço em euros.
    #[schema(maximum = 1_000_000, example = 80)]
    price: u32,
}

/// Um cumprimento.
#[derive(Serialize, ToSchema)]
struct Message {
    #[schema(example = "Ola, API!")]
    message: &'static str,
}

/// Um artigo que não existe.
#[derive(Serialize, ToSchema)]
struct Unknown {
    #[schema(example = "Item not found")]
    error: &'static str,
}

/// O que está errado num pedido.
#[derive(Serialize, ToSchema)]
struct Invalid {
    detail: Vec<Problem>,
}

/// Um erro: onde está, e qual é.
#[derive(Serialize, ToSchema)]
struct Problem {
    #[schema(example = json!(["body", "price"]))]
    loc: Vec<String>,
    #[schema(example = "invalid type: string, expected u32")]
    msg: String,
}

#[derive(Default)]
struct Catalogue {
    items: BTreeMap<i64, Item>,
    last_id: i64,
}

/// A resposta a um pedido que tem um erro.
type Refusal = (StatusCode, Json<Invalid>);

/// O erro do serde, com o caminho do campo em que aconteceu.
type JsonError = serde_path_to_error::Error<serde_json::Error>;

/// A «base de dados». Agora muda: só um pedido de cada vez lhe pode mexer.
type Items = Arc<Mutex<Catalogue>>;

#[derive(OpenApi)]
#[openapi(info(title = "Artigos", description = "A API do diapositivo."))]
struct Documentation;

fn app() -> Router {
    let mut catalogue = Catalogue::default();
    for (name, price) in [("Laptop", 1200), ("Mouse", 50)] {
        let name = name.to_string();
        catalogue.add(Item { name, price });
    }

    // `routes!` junta a cada função o que o seu `utoipa::path` diz dela. No
    // fim há duas coisas: quem responde aos pedidos, e a descrição da API.
    let (router, documentation) =
        OpenApiRouter::with_openapi(Documentation::openapi())
            .routes(routes!(read_root))
            .routes(routes!(create_item))
            .routes(routes!(read_item, replace_item, delete_item))
            .with_state(Items::new(Mutex::new(catalogue)))
            .split_for_parts();

    // Sem este `none`, a página pode pedir a um servidor na Internet que lhe
    // valide o documento.
    let docs = SwaggerUi::new("/docs")
        .url("/openapi.json", documentation)
        .config(
            Config::default()
                .use_base_layout()
                .try_it_out_enabled(true)
                .validator_url("none"),
        );
    router
        .merge(docs)
        .fallback(async || failure(StatusCode::NOT_FOUND))
        .method_not_allowed_fallback(async || {
            failure(StatusCode::METHOD_NOT_ALLOWED)
        })
        .layer(middleware::from_fn(watch))
}

/// Cumprimenta.
#[utoipa::path(
    get, path = "/",
    responses((status = 200, description = "Olá", body = Message)),
)]
async fn read_root() -> Json<Message> {
    let message = "Ola, API!";
    Json(Message { message })
}

/// Cria um artigo.
#[utoipa::path(
    post, path = "/items", request_body = Item,
    responses(
        (status = 201, description = "Criado", body = Item,
            headers(("location" = String, description = "Onde ficou"))),
        (status = 400, description = "Não é JSON", body = Invalid),
        (status = 409, description = "Nome repetido", body = Invalid),
        (status = 413, description = "Corpo enorme", body = Invalid),
        (status = 415, description = "Não diz que é JSON", body = Invalid),
        (status = 422, description = "Pedido inválido", body = Invalid),
    ),
)]
async fn create_item(
    State(items): State<Items>,
    body: Result<Json<Item>, JsonRejection>,
) -> Result<impl IntoResponse> {
    let item = valid_item(body)?;
    let mut items = items.lock().await;
    items.check_name(&item, None)?;
    let id = items.add(item.clone());
    let location = [(header::LOCATION, format!("/items/{id}"))];
    Ok((StatusCode::CREATED, location, Json(item)))
}

/// Mostra um artigo.
#[utoipa::path(
    get, path = "/items/{item_id}", params(("item_id" = i64, Path)),
    responses(
        (status = 200, description = "O artigo", body = Item),
        (status = 404, description = "Não existe", body = Unknown),
        (status = 422, description = "Pedido inválido", body = Invalid),
    ),
)]
async fn read_item(
    State(items): State<Items>,
    path: Result<Path<i64>, PathRejection>,
) -> Result<Json<Item>> {
    let id = valid_id(path)?;
    let items = items.lock().await;
    let item = items.items.get(&id).ok_or_else(unknown)?;
    Ok(Json(item.clone()))
}

/// Substitui um artigo.
#[utoipa::path(
    put, path = "/items/{item_id}", params(("item_id" = i64, Path)),
    request_body = Item,
    responses(
        (status = 200, description = "O artigo", body = Item),
        (status = 400, description = "Não é JSON", body = Invalid),
        (status = 404, description = "Não existe", body = Unknown),
        (status = 409, description = "Nome repetido", body = Invalid),
        (status = 413, description = "Corpo enorme", body = Invalid),
        (status = 415, description = "Não diz que é JSON", body = Invalid),
        (status = 422, description = "Pedido inválido", body = Invalid),
    ),
)]
async fn replace_item(
    State(items): State<Items>,
    path: Result<Path<i64>, PathRejection>,
    body: Result<Json<Item>, JsonRejection>,
) -> Result<Json<Item>> {
    let id = valid_id(path)?;
    let item = valid_item(body)?;
    let mut items = items.lock().await;
    items.check_name(&item, Some(id))?;
    let place = items.items.get_mut(&id).ok_or_else(unknown)?;
    *place = item.clone();
    Ok(Json(item))
}

/// Apaga um artigo.
#[utoipa::path(
    delete, path = "/items/{item_id}", params(("item_id" = i64, Path)),
    responses(
        (status = 204, description = "Apagado"),
        (status = 404, description = "Não existe", body = Unknown),
        (status = 422, description = "Pedido inválido", body = Invalid),
    ),
)]
async fn delete_item(
    State(items): State<Items>,
    path: Result<Path<i64>, PathRejection>,
) -> Result<StatusCode> {
    let id = valid_id(path)?;
    let mut items = items.lock().await;
    items.items.remove(&id).ok_or_else(unknown)?;
    Ok(StatusCode::NO_CONTENT)
}

impl Catalogue {
    // Um número nunca serve duas vezes, nem depois de o artigo ser apagado: o
    // endereço de um artigo não pode passar a ser o de outro.
    fn add(&mut self, item: Item) -> i64 {
        self.last_id += 1;
        self.items.insert(self.last_id, item);
        self.last_id
    }

    fn check_name(&self, item: &Item, own: Option<i64>) -> Result<(), Refusal> {
        let taken = self
            .items
            .iter()
            .any(|(id, other)| other.name == item.name && Some(*id) != own);
        if taken {
            let msg = "Another item has this name".to_string();
            return Err(invalid(StatusCode::CONFLICT, &["body", "name"], msg));
        }
        Ok(())
    }
}

fn valid_id(path: Result<Path<i64>, PathRejection>) -> Result<i64, Refusal> {
    let Path(id) = path.map_err(|rejection| {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        invalid(status, &["path", "item_id"], rejection.body_text())
    })?;
    Ok(id)
}

fn valid_item(
    body: Result<Json<Item>, JsonRejection>,
) -> Result<Item, Refusal> {
    let Json(item) = body.map_err(|rejection| {
        // O axum só explica em texto; o campo está no erro que lhe deu o serde
        // («.» e «?» não são campos: é o corpo inteiro que não serve).
        let cause = rejection.source().and_then(|error| error.source());
        let cause = cause.and_then(|error| error.downcast_ref::<JsonError>());
        let field = cause.map_or(String::new(), |e| e.path().to_string());
        let is_field = field.starts_with(char::is_alphabetic);
        let loc = &["body", &field][..if is_field { 2 } else { 1 }];
        invalid(rejection.status(), loc, rejection.body_text())
    })?;

    // O que o tipo não garante, verifica-se.
    let name_fits = (1..=100).contains(&item.name.chars().count());
    let (field, msg) = match item.price {
        _ if !name_fits => ("name", "A name has 1 to 100 characters"),
        1_000_001.. => ("price", "The highest price is 1000000"),
        _ => return Ok(item),
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Err(invalid(status, &["body", field], msg.to_string()))
}

fn invalid(status: StatusCode, loc: &[&str], msg: String) -> Refusal {
    let loc = loc.iter().map(|part| part.to_string()).collect();
    let detail = vec![Problem { loc, msg }];
    (status, Json(Invalid { detail }))
}

fn unknown() -> impl IntoResponse {
    let error = "Item not found";
    (StatusCode::NOT_FOUND, Json(Unknown { error }))
}

fn failure(status: StatusCode) -> Response {
    let body = json!({ "detail": status.canonical_reason() });
    (status, Json(body)).into_response()
}

// Fica à volta de todas as funções: vê passar o pedido e depois a resposta, e
// não espera para sempre por um corpo que nunca mais chega.
async fn watch(request: Request, next: Next) -> Response {
    let line = format!("{} {}", request.method(), request.uri());
    let response = time::timeout(TIME_LIMIT, next.run(request))
        .await
        .unwrap_or_else(|_| failure(StatusCode::REQUEST_TIMEOUT));
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
             cargo run -p items_api_openapi -- 127.0.0.1:8001"
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
        .header_read_timeout(TIME_LIMIT)
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
