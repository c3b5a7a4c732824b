//! The answers of `items_api` from hyper alone, on one thread: no routes, no
//! extractors, no log. It is here only to be compared with `items_api`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::env;
use std::error::Error;

use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::TcpListener;

#[derive(Serialize)]
struct Item {
    name: &'static str,
    price: u32,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let item = |name, price| Item { name, price };
    let items = [(1, item("Laptop", 1200)), (2, item("Mouse", 50))];
    let items: &'static BTreeMap<i64, Item> = Box::leak(Box::new(items.into()));

    let address = env::args().nth(1).unwrap_or("127.0.0.1:0".into());
    let listener = TcpListener::bind(address).await?;
    println!("API a escutar em http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let service = service_fn(move |request| async move {
            Ok::<_, Infallible>(answer(&request, items))
        });
        tokio::spawn(
            http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service),
        );
    }
}

fn answer(
    request: &Request<Incoming>,
    items: &BTreeMap<i64, Item>,
) -> Response<String> {
    let id = request.uri().path().strip_prefix("/items/");
    let item = id.and_then(|id| items.get(&id.parse().ok()?));
    let (status, body) = match item.map(serde_json::to_string) {
        Some(Ok(body)) => (StatusCode::OK, body),
        _ => (
            StatusCode::NOT_FOUND,
            r#"{"error":"Item not found"}"#.into(),
        ),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let json = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
