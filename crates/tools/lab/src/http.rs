//! An HTTP/1.1 client on a socket of its own, so that a request can be sent
//! in any way that a network may deliver it.

use serde_json::Value;

use crate::bytes::{Expected, summarised};
use crate::tcp::Client;
use crate::trial::{ANSWER, Failure, Outcome};

/// A response, as far as the labs look at it.
pub struct Response {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
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

impl Client {
    /// Sends a request and reads the response, which must have this status.
    pub fn asks(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        status: u16,
    ) -> Outcome<Response> {
        let body = body.map(Value::to_string);
        self.sends_request(method, path, body.as_deref());
        self.expects_status(&[status])
    }

    pub fn sends_request(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&str>,
    ) {
        let with = match body {
            Some(body) => format!(" com {}", summarised(body.as_bytes())),
            None => String::new(),
        };
        self.did(format!("pede {method} {path}{with}"));
        // A connection that was closed shows in the response.
        let _ = self.writes(request(method, path, body).as_bytes());
    }

    /// Reads a response, which must have one of these statuses.
    pub fn expects_status(&mut self, statuses: &[u16]) -> Outcome<Response> {
        let response = self.reads_response()?;
        let body = summarised(&response.body);
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

    pub fn reads_response(&mut self) -> Outcome<Response> {
        let Some(head) = self.reads_to(b"\r\n\r\n", ANSWER) else {
            let received = self.rest();
            self.did("esperava uma resposta HTTP");
            let failure = if received.is_empty() {
                Failure::new(format!(
                    "o {} não recebeu nenhuma resposta",
                    self.name
                ))
            } else {
                Failure::new("a resposta HTTP não chegou inteira").because(
                    "O cabeçalho acaba numa linha vazia, «\\r\\n\\r\\n»: sem \
                     ela, o cliente continua à espera.",
                )
            };
            return Err(
                failure.comparing(Expected::exactly("HTTP/1.1 "), &received)
            );
        };
        let text = String::from_utf8_lossy(&head).into_owned();
        let mut lines = text.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let status = first
            .strip_prefix("HTTP/1.")
            .and_then(|rest| rest.get(2..5)?.parse().ok());
        let Some(status) = status else {
            return Err(Failure::new("a resposta não é HTTP")
                .comparing(Expected::exactly("HTTP/1.1 "), &head));
        };
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_string(), value.trim().to_string()))
            .collect();
        let mut response = Response {
            status,
            headers,
            body: Vec::new(),
        };
        response.body = self.reads_body(&response)?;
        Ok(response)
    }

    fn reads_body(&mut self, response: &Response) -> Outcome<Vec<u8>> {
        let short = |wanted: usize, came: usize| {
            Failure::new(format!(
                "a resposta promete {wanted} bytes de corpo, e vieram {came}"
            ))
            .because(
                "Content-Length conta bytes, e não caracteres: «é» são dois.",
            )
        };
        let length = |text: &str| text.parse::<usize>().ok();
        if matches!(response.status, 100..=199 | 204 | 304) {
            return Ok(Vec::new());
        }
        if let Some(count) = response.header("content-length").and_then(length)
        {
            let body = self.reads(count);
            if body.len() < count {
                return Err(short(count, body.len()));
            }
            return Ok(body);
        }
        if response.header("transfer-encoding") == Some("chunked") {
            let mut body = Vec::new();
            loop {
                let line = self.reads_to(b"\r\n", ANSWER).unwrap_or_default();
                let line = String::from_utf8_lossy(&line).into_owned();
                let count = usize::from_str_radix(line.trim_end(), 16)
                    .map_err(|_| short(1, 0))?;
                let chunk = self.reads(count + 2);
                if chunk.len() < count + 2 {
                    return Err(short(count, chunk.len()));
                }
                body.extend_from_slice(&chunk[..count]);
                if count == 0 {
                    return Ok(body);
                }
            }
        }
        // Neither: then the end of the connection is the end of the body.
        let body = self.reads(1 << 20);
        self.did("vê a ligação fechada: a resposta não diz o comprimento");
        Ok(body)
    }
}
