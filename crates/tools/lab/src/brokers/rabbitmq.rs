//! A RabbitMQ for the checks: one for the whole run, started when the first
//! check needs it, with a virtual host for each check. All that the checker
//! does in it goes through the API of its management page.

use std::env;
use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::doctor;
use crate::processes;
use crate::trial::{Failure, Outcome, free_address};
use crate::workspace;

/// The address of a management page, `http://127.0.0.1:15672`, for who has a
/// RabbitMQ already.
const GIVEN: &str = "LAB_RABBITMQ";

/// How long it may take to start.
const START: Duration = Duration::from_secs(120);

/// Keeps the broker for as long as the checker lives: when that ends, in
/// whatever way, so does this input.
const KEEPER: &str = r#"
    PORT=$1 DATA=$2 bash "$3" >"$2/output" 2>&1 &
    script=$!
    exec 3<&0
    (cat <&3 >/dev/null; kill "$script") &
    wait "$script"
    rm -rf "$2"
"#;

/// A broker that runs.
struct Broker {
    /// Where its management page is: host and port.
    page: String,
    /// Where it speaks AMQP.
    address: (String, u16),
}

impl Broker {
    fn shared() -> Outcome<&'static Broker> {
        static SHARED: OnceLock<Result<Broker, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| match env::var(GIVEN) {
            Ok(page) => Broker::at(&page).map_err(|error| {
                format!("{GIVEN}={page} não é um RabbitMQ com gestão: {error}")
            }),
            Err(_) => Broker::start(),
        });
        shared
            .as_ref()
            .map_err(|why| Failure::not_run(why.as_str()))
    }

    /// The broker of a management page.
    fn at(page: &str) -> io::Result<Broker> {
        let page = page.strip_prefix("http://").unwrap_or(page);
        let page = page.trim_end_matches('/').to_string();
        let (_, about) = ask(&page, "GET", "overview", &Value::Null)?;
        let listeners = about["listeners"].as_array();
        let port = listeners.into_iter().flatten().find_map(|listener| {
            let is_amqp = listener["protocol"] == "amqp";
            is_amqp.then(|| listener["port"].as_u64()).flatten()
        });
        let port = port.and_then(|port| u16::try_from(port).ok());
        let host = page.rsplit_once(':').map(|(host, _)| host.to_string());
        match (host, port) {
            (Some(host), Some(port)) => Ok(Broker {
                page,
                address: (host, port),
            }),
            _ => Err(io::Error::other("não diz onde fala AMQP")),
        }
    }

    fn start() -> Result<Broker, String> {
        if cfg!(windows) {
            return Err(format!(
                "em Windows, inicie um RabbitMQ (just rabbitmq) e diga onde \
                 está: $env:{GIVEN} = 'http://127.0.0.1:15672'"
            ));
        }
        let Some(server) = doctor::rabbitmq() else {
            return Err(format!(
                "falta o RabbitMQ: {}",
                doctor::how_to_install("RabbitMQ")
            ));
        };
        // Over the line of the progress, if there is one.
        let clear = if io::stderr().is_terminal() {
            "\r\x1b[K"
        } else {
            ""
        };
        eprintln!(
            "{clear}A iniciar um RabbitMQ, só para isto: uns dez segundos…"
        );
        start(&server)
            .map_err(|error| format!("o RabbitMQ não arranca: {error}"))
    }
}

fn start(server: &Path) -> io::Result<Broker> {
    let port = free_port();
    let folder = env::temp_dir().join(format!("lab-rabbitmq-{port}"));
    fs::create_dir(&folder)?;
    let script = workspace::root().join("crates/5_rabbitmq/rabbitmq.sh");
    // Homebrew's is not always in the path.
    let path = env::var_os("PATH").unwrap_or_default();
    let folders =
        env::split_paths(&path).chain(server.parent().map(Path::to_path_buf));
    let path = env::join_paths(folders).unwrap_or(path.clone());

    let mut keeper = Command::new("bash");
    keeper
        .args(["-c", KEEPER, "bash", &port.to_string()])
        .args([&folder, &script])
        .env("PATH", path)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    processes::lead_a_group(&mut keeper);
    let mut keeper = keeper.spawn()?;
    // Never closed by hand: see `KEEPER`.
    std::mem::forget(keeper.stdin.take());

    let start = Instant::now();
    let mut said = String::new();
    loop {
        if let Ok(output) = fs::read_to_string(folder.join("output")) {
            said = output;
        }
        if said.contains("RabbitMQ pronto") {
            break;
        }
        let ended = keeper.try_wait()?.is_some();
        if ended || start.elapsed() > START {
            let last = said.lines().last().unwrap_or("não diz porquê");
            return Err(io::Error::other(last.to_string()));
        }
        thread::sleep(Duration::from_millis(50));
    }
    Broker::at(&format!("127.0.0.1:{}", port + 10_000))
}

/// A port that is free together with the others that the script takes.
fn free_port() -> u16 {
    let is_free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
    loop {
        let port = free_address().port();
        let others = [1000, 2000, 10_000].map(|distance| port + distance);
        if port < 20_000 && others.into_iter().all(is_free) {
            return port;
        }
    }
}

/// A virtual host of a check's own: nobody else's queues are in it. It is gone
/// with this value, and whatever was in it.
pub struct VirtualHost {
    broker: &'static Broker,
    name: String,
}

/// A message that was in a queue.
pub struct Message {
    pub body: Vec<u8>,
    /// Whether it would be there after the broker has restarted.
    pub persistent: bool,
}

impl VirtualHost {
    pub fn new() -> Outcome<VirtualHost> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("lab-{}-{number}", std::process::id());
        let broker = Broker::shared()?;
        let host = VirtualHost { broker, name };
        let path = format!("vhosts/{}", host.name);
        host.ask("PUT", &path, &json!({}))?;
        Ok(host)
    }

    /// Where the broker speaks AMQP.
    pub fn address(&self) -> &(String, u16) {
        &self.broker.address
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Puts a message in a queue; whether there is such a queue.
    pub fn publish(&self, queue: &str, body: &[u8]) -> Outcome<bool> {
        let path = format!("exchanges/{}/amq.default/publish", self.name);
        let message = json!({
            "routing_key": queue,
            "payload": base64(body),
            "payload_encoding": "base64",
            "properties": { "delivery_mode": 2 },
        });
        let answer = self.ask("POST", &path, &message)?;
        Ok(answer["routed"] == true)
    }

    /// Takes a message out of a queue, where there is one.
    pub fn take(&self, queue: &str) -> Outcome<Option<Message>> {
        let path = format!("queues/{}/{queue}/get", self.name);
        let how = json!({
            "ackmode": "ack_requeue_false",
            "count": 1,
            "encoding": "base64",
        });
        let answer = self.ask("POST", &path, &how)?;
        let message = &answer[0];
        let body = message["payload"].as_str().map(from_base64);
        Ok(body.map(|body| Message {
            body,
            persistent: message["properties"]["delivery_mode"] == 2,
        }))
    }

    /// Whether a queue outlives the broker's end; `None` where there is none.
    pub fn is_durable(&self, queue: &str) -> Outcome<Option<bool>> {
        let path = format!("queues/{}/{queue}", self.name);
        let about = self.ask("GET", &path, &Value::Null)?;
        Ok(about["durable"].as_bool())
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Outcome<Value> {
        match ask(&self.broker.page, method, path, body) {
            Ok((200..=299 | 404, answer)) => Ok(answer),
            Ok((status, answer)) => Err(Failure::not_run(format!(
                "o RabbitMQ responde {status} a {method} {path}: {answer}"
            ))),
            Err(error) => Err(Failure::not_run(format!(
                "o RabbitMQ deixou de responder: {error}"
            ))),
        }
    }
}

impl Drop for VirtualHost {
    fn drop(&mut self) {
        let path = format!("vhosts/{}", self.name);
        let _ = self.ask("DELETE", &path, &Value::Null);
    }
}

/// A request to the API, and the status and the JSON of the response.
fn ask(
    page: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> io::Result<(u16, Value)> {
    const LIMIT: Duration = Duration::from_secs(20);
    let body = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let mut stream = TcpStream::connect(page)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    // HTTP/1.0: the end of the connection is the end of the response. The user
    // is guest, with guest as its password, as in every new RabbitMQ.
    let request = format!(
        "{method} /api/{path} HTTP/1.0\r\nAuthorization: Basic \
         Z3Vlc3Q6Z3Vlc3Q=\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    let status = response
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .ok_or(io::Error::other("a resposta não é HTTP"))?;
    let (_, body) = response.split_once("\r\n\r\n").unwrap_or_default();
    Ok((status, serde_json::from_str(body).unwrap_or_default()))
}

const ALPHABET: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes in JSON: three of them in four characters.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, index| {
            bits << 8 | usize::from(*chunk.get(index).unwrap_or(&0))
        });
        for index in 0..4 {
            text.push(if index <= chunk.len() {
                char::from(ALPHABET[bits >> (18 - 6 * index) & 63])
            } else {
                '='
            });
        }
    }
    text
}

fn from_base64(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0, 0);
    for byte in text.bytes() {
        let Some(value) = ALPHABET.iter().position(|known| *known == byte)
        else {
            break;
        };
        bits = bits << 6 | value;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 255) as u8);
        }
        bits &= (1 << count) - 1;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_there_and_back() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"\xff\0\xfe!", "/wD+IQ=="),
        ] {
            assert_eq!(base64(bytes), text);
            assert_eq!(from_base64(text), bytes);
        }
    }
}
