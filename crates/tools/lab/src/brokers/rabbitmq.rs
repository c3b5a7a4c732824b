//! A RabbitMQ for the checks: one for the whole run, started when the first
//! check needs it, with a virtual host for each check. All that the checker
//! does in it goes through the API of its management page.

use std::env;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use data_encoding::BASE64;
use rabbitmq::RabbitMq;
use serde_json::{Value, json};
use wire::http::decode_response;

use crate::outcome::{Failure, Outcome};
use crate::terminal::note;

/// The address of a management page, `http://127.0.0.1:15672`, for who has a
/// RabbitMQ already.
pub const GIVEN: &str = "LAB_RABBITMQ";

/// A broker that runs.
struct Broker {
    /// Where its management page is: host and port.
    page: String,
    /// Where it speaks AMQP.
    address: SocketAddr,
    /// The broker itself, where it is the checker's own.
    _own: Option<RabbitMq>,
}

impl Broker {
    fn shared() -> Outcome<&'static Broker> {
        static SHARED: OnceLock<Result<Broker, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| match env::var(GIVEN) {
            Ok(page) => Broker::at(&page, None).map_err(|error| {
                format!("{GIVEN}={page} não é um RabbitMQ com gestão: {error}")
            }),
            Err(_) => Broker::start(),
        });
        shared
            .as_ref()
            .map_err(|why| Failure::not_run(why.as_str()))
    }

    /// The broker of a management page.
    fn at(page: &str, own: Option<RabbitMq>) -> io::Result<Broker> {
        let page = page.strip_prefix("http://").unwrap_or(page);
        let page = page.trim_end_matches('/').to_string();
        let (_, about) = ask(&page, "GET", "overview", &Value::Null)?;
        let listeners = about["listeners"].as_array();
        let port = listeners.into_iter().flatten().find_map(|listener| {
            let is_amqp = listener["protocol"] == "amqp";
            is_amqp.then(|| listener["port"].as_u64()).flatten()
        });
        let port = port.and_then(|port| u16::try_from(port).ok());
        let unclear = || io::Error::other("não diz onde fala AMQP");
        let (host, _) = page.rsplit_once(':').ok_or_else(unclear)?;
        let port = port.ok_or_else(unclear)?;
        let mut addresses = (host, port).to_socket_addrs()?;
        let address = addresses.next().ok_or_else(unclear)?;
        Ok(Broker {
            page,
            address,
            _own: own,
        })
    }

    fn start() -> Result<Broker, String> {
        note("A iniciar um RabbitMQ, só para isto: uns dez segundos…");
        let in_one_line = |why: String| {
            let why = why.trim_end_matches('.').replace('\n', " ");
            why.replacen("O RabbitMQ", "o RabbitMQ", 1)
        };
        let own = rabbitmq::Broker::new().with_page().start();
        let own = own.map_err(|error| in_one_line(error.to_string()))?;
        let page = own.page().unwrap_or_default();
        Broker::at(&page, Some(own)).map_err(|error| error.to_string())
    }
}

/// The address of the management page of the broker that was given, or of one
/// that is started now, for the rest of this run.
///
/// # Errors
/// Where there is none: why.
pub fn page() -> Result<String, String> {
    let broker = Broker::shared().map_err(|failure| failure.what)?;
    Ok(format!("http://{}", broker.page))
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
    /// Whether it is there because it was rejected elsewhere.
    pub rejected: bool,
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
    pub fn address(&self) -> SocketAddr {
        self.broker.address
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Puts a message in a queue; whether there is such a queue.
    pub fn publish(&self, queue: &str, body: &[u8]) -> Outcome<bool> {
        let path = format!("exchanges/{}/amq.default/publish", self.name);
        let message = json!({
            "routing_key": queue,
            "payload": BASE64.encode(body),
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
        let Some(text) = message["payload"].as_str() else {
            return Ok(None);
        };
        let body = BASE64.decode(text.as_bytes()).map_err(|error| {
            Failure::not_run(format!("o RabbitMQ escreve outra coisa: {error}"))
        })?;
        let properties = &message["properties"];
        Ok(Some(Message {
            body,
            persistent: properties["delivery_mode"] == 2,
            rejected: properties["headers"]["x-death"][0]["reason"]
                == "rejected",
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
    let mut response = Vec::new();
    stream.read_to_end(&mut response)?;
    let response = decode_response(&response, method, true).whole();
    let response = response
        .ok_or(io::Error::other("a resposta não é HTTP"))?
        .content;
    let status = response.status().unwrap_or_default();
    let body = serde_json::from_slice(&response.body);
    Ok((status, body.unwrap_or_default()))
}
