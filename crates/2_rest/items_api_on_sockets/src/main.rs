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
//! **O que ainda falta.** Nove coisas que `items_api` recebe feitas: (1) mais
//! de um pedido por ligação; (2) ler o corpo de um pedido, inteiro ou aos
//! bocados (`chunked`); (3) os caminhos com `%C3%A1`; (4) explicar o erro em
//! `/items/abc` (422); (5) pôr em JSON um texto com aspas; (6) tirar os
//! parâmetros de um caminho sem o cortar à mão; (7) o cabeçalho `date`, que o
//! HTTP exige; (8) milhares de clientes sem milhares de threads; (9) acabar as
//! respostas em curso antes de terminar. A nenhum dos dois chega o HTTPS.
//!
//! **Experimente.** Fale HTTP à mão: `nc 127.0.0.1 8000`, depois
//! `GET /items/2 HTTP/1.1`, Enter, `Host: eu`, Enter, Enter. Tem 10 segundos.

use std::env;
use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

const ADDRESS: &str = "127.0.0.1:8000";

/// Quanto tempo tem um cliente para fazer o pedido, e outro tanto para ler a
/// resposta.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// Quantos bytes pode ter um pedido: nenhum cliente ocupa mais memória.
const MAX_HEAD: usize = 8 * 1024;

const ITEMS: [(i64, &str, u32); 2] = [(1, "Laptop", 1200), (2, "Mouse", 50)];

fn main() -> ExitCode {
    let address = env::args().nth(1).unwrap_or(ADDRESS.to_string());
    match serve(&address) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(address: &str) -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind(address).map_err(|error| {
        format!(
            "Não foi possível escutar em {address}: a porta está ocupada ou \
             o endereço não serve ({error}). Escolha outro: \
             cargo run -p items_api_on_sockets -- 127.0.0.1:8001"
        )
    })?;
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
    stream.set_write_timeout(Some(TIME_LIMIT))?;
    let head = read_head(&mut stream);
    let (request, (status, body)) = match head.as_deref().map(parse) {
        Ok(Some((method, target))) => {
            (format!("{method} {target}"), respond(method, target))
        }
        Ok(None) => ("?".to_string(), failure("400 Bad Request")),
        Err(error) => ("?".to_string(), failure(refusal(error)?)),
    };

    // Sem `content-length`, o cliente não saberia onde acaba o corpo. E com
    // `connection: close` fica avisado de que só há uma resposta por ligação.
    let allow = if status.starts_with("405") {
        "allow: GET\r\n"
    } else {
        ""
    };
    let mut response = format!(
        "HTTP/1.1 {status}\r\n\
         content-type: application/json\r\n\
         content-length: {}\r\n\
         {allow}connection: close\r\n\r\n",
        body.len()
    );
    // HEAD é um GET a que se responde só com os cabeçalhos.
    if !request.starts_with("HEAD ") {
        response += &body;
    }
    stream.write_all(response.as_bytes())?;
    println!("{request} → {status}");
    close(stream)
}

/// O código para quem não fez o pedido a tempo ou o fez grande de mais; para
/// quem já cá não está, só o erro.
fn refusal(error: &io::Error) -> io::Result<&'static str> {
    match error.kind() {
        // Os dois nomes que os sistemas dão ao fim de um prazo.
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            Ok("408 Request Timeout")
        }
        ErrorKind::QuotaExceeded => Ok("431 Request Header Fields Too Large"),
        kind => Err(kind.into()),
    }
}

/// O pedido, até à linha em branco que acaba os cabeçalhos.
fn read_head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let deadline = Instant::now() + TIME_LIMIT;
    let mut head = Vec::new();
    let mut buffer = [0; 1024];

    // O TCP não tem fronteiras: o pedido chega em quantos pedaços calhar.
    while !is_complete(&head) {
        // O prazo é para o pedido inteiro. Se fosse para cada leitura, quem
        // enviasse um byte de vez em quando ficava aqui para sempre.
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        head.extend_from_slice(&buffer[..count]);
        if head.len() > MAX_HEAD {
            return Err(ErrorKind::QuotaExceeded.into());
        }
    }
    Ok(head)
}

/// Se já chegou a linha em branco; quem escreve com `nc` não envia o `\r`.
fn is_complete(head: &[u8]) -> bool {
    head.windows(3).any(|bytes| bytes == b"\n\r\n")
        || head.windows(2).any(|bytes| bytes == b"\n\n")
}

/// O verbo e o caminho; nada, se isto não for um pedido HTTP/1.
fn parse(head: &[u8]) -> Option<(&str, &str)> {
    let mut lines = str::from_utf8(head).ok()?.lines();
    let mut words = lines.next()?.split(' ');
    let (method, target, version) =
        (words.next()?, words.next()?, words.next()?);

    let mut hosts = 0;
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, _) = line.split_once(':')?;
        if name.is_empty() || name.contains(char::is_whitespace) {
            return None;
        }
        hosts += usize::from(name.eq_ignore_ascii_case("host"));
    }

    let visible = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let valid = words.next().is_none()
        && visible(method)
        && visible(target)
        && (version == "HTTP/1.1" && hosts == 1 || version == "HTTP/1.0");
    valid.then_some((method, target))
}

/// O código de estado e o corpo.
type Answer = (&'static str, String);

fn respond(method: &str, target: &str) -> Answer {
    let path = target.split('?').next().unwrap_or_default();
    let resource = match path.strip_prefix("/items/") {
        None if path == "/" => Some(read_root()),
        None => None,
        Some(id) => id.parse().ok().map(read_item),
    };
    match (resource, method) {
        (Some(answer), "GET" | "HEAD") => answer,
        (Some(_), _) => failure("405 Method Not Allowed"),
        (None, _) => failure("404 Not Found"),
    }
}

fn read_root() -> Answer {
    ("200 OK", r#"{"message":"Ola, API!"}"#.to_string())
}

fn read_item(wanted: i64) -> Answer {
    match ITEMS.iter().find(|(id, ..)| *id == wanted) {
        Some((_, name, price)) => {
            // Bem até alguém dar a um artigo um nome com aspas.
            let body = format!(r#"{{"name":"{name}","price":{price}}}"#);
            ("200 OK", body)
        }
        None => {
            let body = r#"{"error":"Item not found"}"#;
            ("404 Not Found", body.to_string())
        }
    }
}

fn failure(status: &'static str) -> Answer {
    let (_, reason) = status.split_once(' ').unwrap_or_default();
    (status, format!(r#"{{"detail":"{reason}"}}"#))
}

/// Acaba a ligação sem perder a resposta.
fn close(mut stream: TcpStream) -> io::Result<()> {
    stream.shutdown(Shutdown::Write)?;

    // Fechar com bytes por ler corta a ligação (RST), e o cliente podia ficar
    // sem a resposta. Lê-se o que ainda vier, até ele fechar ou 2 segundos.
    let deadline = Instant::now() + Duration::from_secs(2);
    let mut rest = [0; 8192];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        stream.set_read_timeout(Some(left))?;
        if !matches!(stream.read(&mut rest), Ok(1..)) {
            return Ok(());
        }
    }
}
