//! O livro da aula: cada diapositivo ao lado do seu programa em Rust.
//!
//! ```console
//! $ cargo run -p lecture
//! O livro está em http://127.0.0.1:3000
//! ^C
//! ```
//!
//! O primeiro argumento escolhe outro endereço. Enquanto corre, o livro
//! refaz-se quando muda uma página de `docs/`, uma figura ou uma lição, e o
//! browser mostra-o. `cargo run -p lecture -- build PASTA` escreve o site.

mod book;
mod lesson;

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fs;
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::signal;

use book::Book;

const ADDRESS: &str = "127.0.0.1:3000";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let workspace = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.."));
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        [] => serve(workspace, ADDRESS).await,
        ["build", folder] => write(workspace, Path::new(folder)),
        [address] if address != "build" => serve(workspace, address).await,
        _ => Err("Um endereço, ou build e uma pasta. Um exemplo: \
                  cargo run -p lecture -- build target/livro"
            .into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn build(workspace: &Path, version: Option<u64>) -> Result<Book, String> {
    Book::build(workspace, version)
        .map_err(|error| format!("Não foi possível fazer o livro: {error:#}"))
}

/// Writes the site, if nothing is wrong with it.
fn write(workspace: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let book = build(workspace, None)?;
    if !book.problems.is_empty() {
        return Err(book.problems.join("\n").into());
    }
    for (path, bytes) in &book.files {
        write_file(&folder.join(path), bytes).map_err(|error| {
            format!("Não foi possível escrever em {folder:?}: {error}")
        })?;
    }
    println!("O livro está em {}", folder.join("index.html").display());
    Ok(())
}

fn write_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}

/// The newest book, and the number by which its pages see that it is newest.
struct Edition {
    book: Book,
    version: u64,
}

impl Edition {
    fn build(workspace: &Path, version: u64) -> Result<Edition, String> {
        let book = build(workspace, Some(version))?;
        for problem in &book.problems {
            eprintln!("{problem}");
        }
        Ok(Edition { book, version })
    }
}

type Newest = Arc<RwLock<Edition>>;

async fn serve(
    workspace: &'static Path,
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
    let sources = sources(workspace);
    let edition = Edition::build(workspace, start.as_secs())?;
    let newest = Arc::new(RwLock::new(edition));
    let site = Router::new()
        .route("/version", get(version))
        .fallback(get(file))
        .with_state(Arc::clone(&newest));
    let address = listener.local_addr()?;
    tokio::select! {
        biased; // Ctrl-C is armed before the program says that it is ready
        interrupted = signal::ctrl_c() => interrupted?,
        served = async {
            println!("O livro está em http://{address}");
            thread::spawn(move || rebuild(workspace, sources, &newest));
            axum::serve(listener, site).await
        } => served?,
    }
    Ok(())
}

/// Looks for changes, as long as the program runs. A book that cannot be made
/// leaves the one before in place.
fn rebuild(workspace: &Path, mut seen: Sources, newest: &Newest) {
    loop {
        thread::sleep(Duration::from_millis(300));
        let now = sources(workspace);
        if now == seen {
            continue;
        }
        seen = now;
        let version = read(newest).version + 1;
        match Edition::build(workspace, version) {
            Ok(edition) => {
                *newest.write().unwrap_or_else(PoisonError::into_inner) =
                    edition;
                println!("O livro foi refeito");
            }
            Err(error) => eprintln!("{error}"),
        }
    }
}

fn read(newest: &Newest) -> impl Deref<Target = Edition> {
    newest.read().unwrap_or_else(PoisonError::into_inner)
}

/// Every file that the book is made of, and when it last changed.
type Sources = BTreeMap<PathBuf, Option<SystemTime>>;

fn sources(workspace: &Path) -> Sources {
    let mut sources = Sources::new();
    let mut folders = book::parts(workspace).unwrap_or_default();
    folders.extend(
        ["docs", "figures", "crates/tools/lecture"]
            .map(|folder| workspace.join(folder)),
    );
    while let Some(folder) = folders.pop() {
        // A folder that has just gone is a change like any other.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(found) if found.is_dir() => folders.push(entry.path()),
                Ok(found) => {
                    sources.insert(entry.path(), found.modified().ok());
                }
                Err(_) => {}
            }
        }
    }
    sources
}

async fn version(State(newest): State<Newest>) -> String {
    read(&newest).version.to_string()
}

async fn file(State(newest): State<Newest>, uri: Uri) -> Response {
    let path = match uri.path().trim_start_matches('/') {
        "" => "index.html",
        path => path,
    };
    match read(&newest).book.files.get(path) {
        Some(bytes) => {
            let headers = [
                (header::CONTENT_TYPE, content_type(path)),
                (header::CACHE_CONTROL, "no-cache"),
            ];
            (headers, bytes.clone()).into_response()
        }
        None => {
            let text = format!("Não há nada em /{path}. O índice está em /\n");
            (StatusCode::NOT_FOUND, text).into_response()
        }
    }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_a_new_edition() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let page = root.join("docs/index.md");
        for folder in ["figures", "crates"] {
            fs::create_dir_all(root.join(folder)).expect("a folder");
        }
        write_file(&root.join("docs/SUMMARY.md"), b"[Capa](index.md)\n")
            .expect("write");
        write_file(&page, b"# Antes\n").expect("write");

        let seen = sources(root);
        let edition = Edition::build(root, 1).expect("a book");
        let newest = Arc::new(RwLock::new(edition));
        let rebuilt = Arc::clone(&newest);
        let workspace = root.to_path_buf();
        thread::spawn(move || rebuild(&workspace, seen, &rebuilt));

        write_file(&page, b"# Depois, e mais\n").expect("write");
        let start = std::time::Instant::now();
        while read(&newest).version == 1 {
            assert!(start.elapsed() < testkit::DEADLINE, "no new edition");
            thread::sleep(Duration::from_millis(20));
        }
        let edition = read(&newest);
        let html = String::from_utf8_lossy(&edition.book.files["index.html"]);
        assert!(html.contains("Depois, e mais"), "{html}");
    }
}
