//! An HTTP client that takes whatever a browser, `curl` or `httpx` takes, and
//! that sends a request in any way that a network may deliver it.

use std::net::{SocketAddr, TcpStream};

use serde_json::Value;
use wire::Fault;
use wire::http::{Message, decode_response};

use crate::bytes::{Expected, summarised};
use crate::limits::ANSWER;
use crate::outcome::{Failure, Kind, Outcome, Steps};
use crate::peers::tcp::{Client, NoFrame};
use crate::trial::{Trial, deaf};

/// A response, as far as the labs look at it.
pub struct Response {
    message: Message,
    pub status: u16,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.message.header(name)
    }

    pub fn body(&self) -> &[u8] {
        &self.message.body
    }

    /// The body as JSON; nothing where it is none.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(self.body()).ok()
    }
}

/// A request, as text.
pub fn request(method: &str, path: &str, body: Option<&str>) -> String {
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: lab\r\n");
    if let Some(body) = body {
        request.push_str(&format!(
            "Content-Type: application/json\r\nContent-Length: {}\r\n",
            body.len()
        ));
    }
    request.push_str("\r\n");
    request.push_str(body.unwrap_or_default());
    request
}

/// A request that was sent.
struct Asked {
    text: String,
    method: String,
}

/// A client with one connection at a time. A server may close it after any
/// response: then the next request goes over a new one.
pub struct HttpClient {
    name: String,
    address: SocketAddr,
    steps: Steps,
    connection: Option<Client>,
    /// How many responses the connection has had.
    answered: usize,
    /// The requests on the connection that have no response yet.
    asked: Vec<Asked>,
}

impl HttpClient {
    /// The next client, connected as soon as the program listens.
    pub fn connect(trial: &mut Trial) -> Outcome<HttpClient> {
        let address = trial.server()?;
        let connection = trial.connect()?;
        Ok(HttpClient {
            name: connection.name.clone(),
            address,
            steps: trial.steps.clone(),
            connection: Some(connection),
            answered: 0,
            asked: Vec::new(),
        })
    }

    /// A client by this name of a program that listens already.
    pub fn new(name: &str, address: SocketAddr, steps: &Steps) -> HttpClient {
        HttpClient {
            name: name.to_string(),
            address,
            steps: steps.clone(),
            connection: None,
            answered: 0,
            asked: Vec::new(),
        }
    }

    pub fn did(&self, what: impl Into<String>) {
        self.steps.add(&self.name, what);
    }

    /// The connection, or a new one where the server has closed it.
    fn connection(&mut self) -> Outcome<&mut Client> {
        let closed = self.connection.as_mut().is_none_or(Client::is_closed);
        if closed && self.asked.is_empty() {
            self.connection = None;
        }
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                self.answered = 0;
                let stream = TcpStream::connect_timeout(&self.address, ANSWER)
                    .map_err(|error| deaf(&error))?;
                Client::new(self.name.clone(), stream, self.steps.clone())
            }
        };
        Ok(self.connection.insert(connection))
    }

    /// Sends a request and reads the response, which must have this status.
    pub fn asks(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        status: u16,
    ) -> Outcome<Response> {
        let body = body.map(Value::to_string);
        self.sends_request(method, path, body.as_deref())?;
        self.expects_status(&[status])
    }

    /// Sends a request.
    pub fn sends_request(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&str>,
    ) -> Outcome {
        let with = match body {
            Some(body) => format!(" com {}", summarised(body.as_bytes())),
            None => String::new(),
        };
        self.did(format!("pede {method} {path}{with}"));
        self.sends_quietly(method, path, body)
    }

    /// The same without a word in the record.
    pub fn sends_quietly(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&str>,
    ) -> Outcome {
        self.sends(&[(method, request(method, path, body))], false)
    }

    /// Sends requests, each with its method, in one segment or byte by byte.
    pub fn sends(
        &mut self,
        requests: &[(&str, String)],
        byte_by_byte: bool,
    ) -> Outcome {
        let texts = requests.iter().map(|(_, text)| text.as_str());
        let all: String = texts.collect();
        let connection = self.connection()?;
        // A connection that is closed now shows in the response.
        let _ = if byte_by_byte {
            connection.writes_byte_by_byte(all.as_bytes())
        } else {
            connection.writes(all.as_bytes())
        };
        self.asked
            .extend(requests.iter().map(|(method, text)| Asked {
                text: text.clone(),
                method: method.to_string(),
            }));
        Ok(())
    }

    /// Reads a response, which must have one of these statuses.
    pub fn expects_status(&mut self, statuses: &[u16]) -> Outcome<Response> {
        let response = self.reads_response()?;
        let body = summarised(response.body());
        self.did(format!("recebe {} {body}", response.status));
        if statuses.contains(&response.status) {
            return Ok(response);
        }
        let wanted: Vec<String> =
            statuses.iter().map(ToString::to_string).collect();
        let wanted = wanted.join(" ou ");
        Err(Failure::new(format!(
            "o código da resposta é {}, e devia ser {wanted}",
            response.status
        ))
        .comparing(
            Expected::exactly(format!("HTTP/1.1 {wanted}")),
            format!("HTTP/1.1 {}", response.status).as_bytes(),
        ))
    }

    /// Reads the response to the first request that has none yet.
    pub fn reads_response(&mut self) -> Outcome<Response> {
        let Asked { text, method } = self.asked.remove(0);
        let message = match self.reads_message(&method) {
            // Closed while it had nothing to do, just before this request came:
            // every client asks again.
            Err(NoFrame::Closed) if self.has_nothing_unread() => {
                self.asks_again(Asked {
                    text,
                    method: method.clone(),
                })?;
                self.asked.remove(0);
                self.reads_message(&method)
            }
            other => other,
        };
        let message = message.map_err(|stop| self.no_response(&stop))?;
        self.answered += 1;
        let response = Response {
            status: message.status().unwrap_or_default(),
            message,
        };
        if response.message.closes() {
            self.connection = None;
            // What was asked on it as well goes over another one.
            if !self.asked.is_empty() {
                let first = self.asked.remove(0);
                self.asks_again(first)?;
            }
        } else if self.asked.is_empty() {
            self.has_no_surplus(&response)?;
        }
        Ok(response)
    }

    /// Whether a connection that was used before has ended without a byte.
    fn has_nothing_unread(&self) -> bool {
        let connection = self.connection.as_ref();
        self.answered > 0
            && connection.is_none_or(|used| used.unread().is_empty())
    }

    /// Sends a request, and those after it, over a new connection.
    fn asks_again(&mut self, first: Asked) -> Outcome {
        let rest = std::mem::take(&mut self.asked);
        let again: Vec<Asked> = [first].into_iter().chain(rest).collect();
        self.connection = None;
        let requests: Vec<(&str, String)> = again
            .iter()
            .map(|asked| (asked.method.as_str(), asked.text.clone()))
            .collect();
        self.sends(&requests, false)
    }

    /// The next message that is not an interim one.
    fn reads_message(&mut self, method: &str) -> Result<Message, NoFrame> {
        let Some(connection) = &mut self.connection else {
            return Err(NoFrame::Closed);
        };
        loop {
            let message = connection.reads_frame(ANSWER, |bytes, ended| {
                decode_response(bytes, method, ended)
            })?;
            match message.status() {
                Some(100 | 102..=199) => {}
                _ => return Ok(message),
            }
        }
    }

    fn no_response(&self, stop: &NoFrame) -> Box<Failure> {
        self.did("esperava uma resposta HTTP");
        let connection = self.connection.as_ref();
        let came = connection.map(Client::unread).unwrap_or_default();
        let name = &self.name;
        let failure = match stop {
            NoFrame::Malformed(malformed) => match malformed.fault {
                Fault::HttpLength => {
                    Failure::new("o Content-Length da resposta não é um número")
                }
                Fault::HttpChunk | Fault::HttpChunkEnd | Fault::HttpTrailer => {
                    Failure::new(
                        "a resposta vem em pedaços que não batem certo",
                    )
                    .because(
                        "Cada pedaço (chunk) diz quantos bytes tem, em \
                             hexadecimal, e acaba em «\\r\\n». Uma biblioteca \
                             de HTTP trata disso.",
                    )
                }
                Fault::Unfinished => return unfinished(came),
                _ => Failure::new("a resposta não é HTTP"),
            },
            NoFrame::Closed if came.is_empty() => Failure::new(format!(
                "a ligação do {name} foi fechada sem resposta"
            )),
            _ if came.is_empty() => Failure::new(format!(
                "o {name} ficou {} s à espera e não recebeu nenhuma resposta",
                ANSWER.as_secs()
            ))
            .of(Kind::Hung),
            _ => return unfinished(came),
        };
        failure.comparing(Expected::exactly("HTTP/1.1 "), came)
    }

    /// Nothing comes after a response that nobody has asked for.
    fn has_no_surplus(&self, response: &Response) -> Outcome {
        let connection = self.connection.as_ref();
        let surplus = connection.map(Client::unread).unwrap_or_default();
        if surplus.is_empty() {
            return Ok(());
        }
        let body = response.body();
        Err(Failure::new(format!(
            "depois da resposta, com {} bytes de corpo, vieram mais {}",
            body.len(),
            surplus.len()
        ))
        .because(
            "Content-Length conta todos os bytes do corpo, e não os caracteres \
             («é» são dois), nem todos menos um; e um 204 não tem corpo.",
        )
        .comparing(Expected::exactly(body), &[body, surplus].concat()))
    }
}

/// Where the head of a message ends.
fn head_of(came: &[u8]) -> Option<usize> {
    let end = came.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some(end + 4)
}

/// A head without an end, or a body that is shorter than the head says.
fn unfinished(came: &[u8]) -> Box<Failure> {
    let Some(head) = head_of(came) else {
        return Failure::new("a resposta HTTP não chegou inteira")
            .because(
                "O cabeçalho acaba numa linha vazia, «\\r\\n\\r\\n»: sem ela, o \
                 cliente continua à espera.",
            )
            .comparing(Expected::exactly("HTTP/1.1 "), came);
    };
    let body = came.len() - head;
    Failure::new(format!(
        "a resposta promete mais bytes de corpo do que os {body} que vieram"
    ))
    .because(
        "Content-Length conta bytes, e não caracteres: «é» são dois. Se promete \
         um a mais, o cliente fica à espera dele.",
    )
}
