//! The book in a browser, from this machine.

use std::error::Error;
use std::path::Path;
use std::time::SystemTime;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use programs::say;
use tokio::net::TcpListener;
use tokio::signal;

use crate::book::Material;
use crate::edition::Newest;
use crate::{live, site};

/// What a page may load and ask for: nothing that is not from here (its
/// WebSocket included), and no script that is written into it. A lesson's own
/// page, in a frame, is from another port of this machine.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; \
                      frame-src http://127.0.0.1:*; \
                      object-src 'none'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// Serves the book, and makes it again when it changes, until Ctrl-C.
///
/// # Errors
/// An address that cannot be had, pages that make no book: as a sentence.
pub async fn serve(
    material: Material,
    address: &str,
) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(address).await.map_err(|error| {
        format!(
            "Não foi possível escutar em {address}: a porta está ocupada ou \
             o endereço não serve ({error}). Escolha outro: \
             cargo run -p lecture -- 127.0.0.1:3001"
        )
    })?;

    // A page that is still open from an earlier run has an earlier number.
    let start = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let workspace = material.workspace.clone();
    let newest = Newest::start(material, start.as_millis() as u64)?;
    let site = Router::new()
        .route("/version", get(version))
        .fallback(get(file))
        .with_state(newest.clone());
    let address = listener.local_addr()?;
    let site = if address.ip().is_loopback() {
        site.merge(live::routes(&workspace))
    } else {
        site
    };
    let site = site.layer(middleware::map_response(restrict));
    tokio::select! {
        biased; // Ctrl-C is armed before the program says that it is ready
        interrupted = signal::ctrl_c() => interrupted?,
        served = async {
            say(&format!("O livro está em http://{address}\n"));
            newest.read().book.tell(None);
            axum::serve(listener, site).await
        } => served?,
        kept = newest.keep() => kept?,
    }
    // What runs in the pages.
    programs::end_all();
    Ok(())
}

async fn restrict(mut response: Response) -> Response {
    let policy = HeaderValue::from_static(POLICY);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

async fn version(State(newest): State<Newest>) -> String {
    newest.read().version.to_string()
}

async fn file(
    State(newest): State<Newest>,
    asked: HeaderMap,
    uri: Uri,
) -> Response {
    let path = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    let edition = newest.read();
    // What a browser has of this edition it need not get again.
    let tag = format!("\"{}\"", edition.version);
    let kind = site::content_type(Path::new(path));
    match (edition.book.files.get(path), kind) {
        (Some(bytes), Some(kind)) => {
            let headers = [
                (header::CONTENT_TYPE, kind),
                (header::CACHE_CONTROL, "no-cache"),
                (header::ETAG, &tag),
            ];
            let has_it = asked.get(header::IF_NONE_MATCH);
            if has_it.is_some_and(|had| had.as_bytes() == tag.as_bytes()) {
                return (StatusCode::NOT_MODIFIED, headers).into_response();
            }
            (headers, bytes.clone()).into_response()
        }
        _ => {
            let text = format!("Não há nada em /{path}. O índice está em /\n");
            (StatusCode::NOT_FOUND, text).into_response()
        }
    }
}
