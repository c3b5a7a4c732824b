//! # API REST sobre sockets puros
//!
//! O diapositivo «Sockets vs. APIs REST» diz que se pode fazer uma API sobre
//! sockets puros, mas que isso é reinventar o HTTP. Eis o que se reinventa.
//!
//! ```console
//! $ cargo run -p items_api_on_sockets
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
//! **O que ainda falta.** Oito coisas que `items_api` recebe feitas: (1) mais
//! de um pedido por ligação; (2) ler o corpo de um pedido, inteiro ou aos
//! bocados; (3) verificar os cabeçalhos; (4) os caminhos com `%C3%A1`;
//! (5) explicar o erro em `/items/abc`; (6) pôr em JSON um texto com aspas;
//! (7) o cabeçalho `date`; (8) milhares de clientes sem milhares de threads.
//!
//! **Experimente.** Fale HTTP à mão: `nc 127.0.0.1 8000`, depois
//! `GET /items/2 HTTP/1.1`, Enter, `Host: eu`, Enter, Enter. Tem 10 segundos.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;
use std::{env, process, thread};

const ADDRESS: &str = "127.0.0.1:8000";
const TIME_LIMIT: Duration = Duration::from_secs(10);
const MAX_HEAD: u64 = 8 * 1024; // bytes de um pedido, até à linha em branco
const ITEMS: [(i64, &str, u32); 2] = [(1, "Laptop", 1200), (2, "Mouse", 50)];

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    let listener = TcpListener::bind(&address).unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível escutar em {address} ({error}). Escolha outro: \
             cargo run -p items_api_on_sockets -- 127.0.0.1:8001"
        );
        process::exit(1)
    });
    println!("API a escutar em http://{}", listener.local_addr()?);

    loop {
        if let Err(error) = accept_client(&listener) {
            // Sem descritores ou sem threads: esperar que algum cliente saia.
            eprintln!("Ligação não aceite: {error}");
            thread::sleep(Duration::from_millis(100));
        }
    }
}

fn accept_client(listener: &TcpListener) -> io::Result<()> {
    let (stream, peer) = listener.accept()?;
    thread::Builder::new().spawn(move || {
        if let Err(error) = handle_client(stream) {
            eprintln!("Ligação com {peer} interrompida: {error}");
        }
    })?;
    Ok(())
}

fn handle_client(mut stream: TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(TIME_LIMIT))?;

    // O TCP não tem fronteiras: o pedido chega em quantos pedaços calhar. O
    // `BufReader` junta-os em linhas; com `take`, não crescem sem fim.
    let mut lines = BufReader::new((&stream).take(MAX_HEAD)).lines();
    let end = || Err(ErrorKind::UnexpectedEof.into());
    let request = lines.next().unwrap_or_else(end)?;

    // Os cabeçalhos, a que este servidor não liga, acabam na linha em branco.
    while !lines.next().unwrap_or_else(end)?.is_empty() {}

    let words: Vec<&str> = request.split(' ').collect();
    let [method, target, "HTTP/1.0" | "HTTP/1.1"] = words[..] else {
        return stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    };
    let (status, body) = respond(method, target);

    // HEAD é um GET a que se responde só com os cabeçalhos.
    let shown = if method == "HEAD" { "" } else { &body };

    // Sem `content-length`, o cliente não saberia onde acaba o corpo. Com
    // `connection: close` fica avisado de que só há uma resposta por ligação.
    // E um 405 tem de dizer que verbos servem; aqui, di-lo cada resposta.
    let response = format!(
        "HTTP/1.1 {status}\r\n\
         content-type: application/json\r\n\
         content-length: {}\r\n\
         allow: GET, HEAD\r\n\
         connection: close\r\n\r\n{shown}",
        body.len()
    );
    stream.write_all(response.as_bytes())?;
    println!("{method} {target} → {status}");

    // Fechar com bytes por ler corta a ligação (RST), e o cliente podia ficar
    // sem a resposta. Lê-se o que ainda vier, até ele fechar.
    stream.shutdown(Shutdown::Write)?;
    let _ = io::copy(&mut stream, &mut io::sink());
    Ok(())
}

/// O código de estado e o corpo.
fn respond(method: &str, target: &str) -> (&'static str, String) {
    let path = target.split('?').next().unwrap_or_default();
    let id = path.strip_prefix("/items/").and_then(|id| id.parse().ok());
    let status = match (method, path, id) {
        ("GET" | "HEAD", "/", _) => {
            return ("200 OK", r#"{"message":"Ola, API!"}"#.to_string());
        }
        ("GET" | "HEAD", _, Some(id)) => return read_item(id),
        (_, "/", _) | (_, _, Some(_)) => "405 Method Not Allowed",
        _ => "404 Not Found",
    };
    (status, format!(r#"{{"detail":"{}"}}"#, &status[4..]))
}

fn read_item(id: i64) -> (&'static str, String) {
    let item = ITEMS.iter().find(|(number, ..)| *number == id);
    let Some((_, name, price)) = item else {
        return ("404 Not Found", r#"{"error":"Item not found"}"#.to_string());
    };
    // Bem até alguém dar a um artigo um nome com aspas.
    ("200 OK", format!(r#"{{"name":"{name}","price":{price}}}"#))
}
