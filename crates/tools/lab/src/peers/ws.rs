//! A WebSocket client made of frames, so that they can be sent in any way that
//! the protocol allows, and in some that it does not.

use std::time::{Duration, Instant};

use data_encoding::BASE64;
use wire::http::decode_response;
use wire::websocket::{Assembler, Message, decode};
use wire::{Fault, Malformed};

use crate::bytes::{Expected, summarised};
use crate::limits::{ANSWER, SILENCE};
use crate::outcome::{Failure, Outcome};
use crate::peers::tcp::{Client, NoFrame};
use crate::random::Random;
use crate::trial::Trial;

pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// The longest message that a program may send, with room for what it puts
/// before one of the longest that it takes.
const LONGEST: usize = (1 << 20) + 1024;

pub struct Screen {
    pub client: Client,
    assembler: Assembler,
}

/// One frame, masked as a client's must be.
fn frame(last: bool, opcode: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];
    let mut frame = vec![if last { 0x80 | opcode } else { opcode }];
    match payload.len() {
        short @ ..126 => frame.push(0x80 | short as u8),
        middle @ ..65_536 => {
            frame.push(0x80 | 126);
            frame.extend((middle as u16).to_be_bytes());
        }
        long => {
            frame.push(0x80 | 127);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    let masked = payload.iter().enumerate();
    frame.extend(masked.map(|(index, byte)| byte ^ MASK[index % 4]));
    frame
}

/// A key that nobody has used before, and what a server makes of it (RFC 6455,
/// 4.2.2).
fn handshake(random: &mut Random) -> (String, String) {
    const OWN: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    let key = [(); 16].map(|()| random.below(256) as u8);
    let key = BASE64.encode(&key);
    let digest = sha1_smol::Sha1::from(format!("{key}{OWN}")).digest();
    (key, BASE64.encode(&digest.bytes()))
}

impl Screen {
    /// Connects and shakes hands.
    pub fn open(trial: &mut Trial) -> Outcome<Screen> {
        Screen::open_at(trial, "/")
    }

    /// The same, at this path.
    pub fn open_at(trial: &mut Trial, path: &str) -> Outcome<Screen> {
        let mut client = trial.connect()?;
        client.did(match path {
            "/" => "pede um WebSocket".to_string(),
            _ => format!("pede um WebSocket em {path}"),
        });
        let (key, wanted) = handshake(&mut trial.random);
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: lab\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: {key}\r\n\r\n"
        );
        client.writes(request.as_bytes())?;
        let answer = client.reads_frame(ANSWER, |bytes, ended| {
            decode_response(bytes, "GET", ended)
        });
        let received = match answer {
            Ok(response) if response.upgrades_to_websocket() => {
                let accept = response.header("sec-websocket-accept");
                let accept = accept.unwrap_or("(nada)");
                if accept == wanted {
                    let assembler = Assembler::new(LONGEST);
                    return Ok(Screen { client, assembler });
                }
                format!("101 {accept}").into_bytes()
            }
            Ok(response) => {
                let status = response.status().unwrap_or_default();
                let mut received = format!("{status} ").into_bytes();
                received.extend(&response.body);
                received
            }
            Err(_) => client.unread().to_vec(),
        };
        client.did(format!("recebe {}", summarised(&received)));
        let name = &client.name;
        Err(Failure::new(format!(
            "o pedido de WebSocket do {name} não foi aceite"
        ))
        .because(
            "A resposta ao pedido tem o código 101 e a chave do \
                     cliente transformada, em Sec-WebSocket-Accept. Uma \
                     biblioteca de WebSocket trata disso.",
        )
        .comparing(Expected::exactly(format!("101 {wanted}")), &received))
    }

    pub fn says(&mut self, text: &str) -> Outcome {
        self.client
            .did(format!("envia {}", summarised(text.as_bytes())));
        self.says_quietly(text)
    }

    /// The same without a word in the record.
    pub fn says_quietly(&mut self, text: &str) -> Outcome {
        self.client.writes(&frame(true, TEXT, text.as_bytes()))
    }

    /// Sends a frame that no server has to take: it may hang up half-way.
    pub fn sends_unwanted(&mut self, what: &str, opcode: u8, payload: &[u8]) {
        self.client.did(format!("envia {what}"));
        let _ = self.client.writes(&frame(true, opcode, payload));
    }

    /// Says it in two frames, with a ping between them, byte by byte.
    pub fn says_in_frames(&mut self, head: &str, tail: &str) -> Outcome {
        let mut frames = frame(false, TEXT, head.as_bytes());
        frames.extend(frame(true, PING, b"?"));
        frames.extend(frame(true, 0, tail.as_bytes()));
        self.client.did(format!(
            "envia «{head}» e «{tail}», um só texto em dois frames, com um \
             Ping pelo meio"
        ));
        self.client.writes_byte_by_byte(&frames)
    }

    /// Says goodbye, and waits for the answer.
    pub fn closes(mut self) -> Outcome {
        self.client.did("envia um frame de fecho");
        self.client
            .writes(&frame(true, CLOSE, &1000u16.to_be_bytes()))?;
        while let Some(message) = self.next(ANSWER)? {
            if let Message::Close(_) = message {
                break;
            }
        }
        Ok(())
    }

    /// Behaves as a peer that is there and wants nothing: answers a goodbye and
    /// a ping, and hangs up when the other side does. Never waits.
    pub fn goes_along(&mut self) {
        self.client.goes_along();
        while let Ok(Some(message)) = self.next(Duration::ZERO) {
            if let Message::Close(_) = message {
                let _ = self.client.writes(&frame(true, CLOSE, &[]));
            }
        }
    }

    /// Receives the text that should come.
    pub fn hears(&mut self, text: &str) -> Outcome {
        self.hears_past(&[], text)
    }

    /// The same, where these may come before.
    pub fn hears_past(&mut self, before: &[String], text: &str) -> Outcome {
        let expected = Expected::exactly(text);
        let is_before = |heard: &str| before.iter().any(|one| one == heard);
        loop {
            let heard = self.hears_such(&expected, |heard| {
                is_before(heard) || heard == text
            })?;
            if !is_before(&heard) {
                self.received(&heard);
                return Ok(());
            }
        }
    }

    fn received(&self, text: &str) {
        let text = summarised(text.as_bytes());
        self.client.did(format!("recebe {text}"));
    }

    /// Receives a text that starts like this.
    pub fn hears_error(&mut self) -> Outcome {
        let name = self.client.name.clone();
        let text = match self.next(ANSWER)? {
            Some(Message::Text(text)) => text,
            _ => String::new(),
        };
        if text == "ERR" || text.starts_with("ERR ") {
            self.received(&text);
            return Ok(());
        }
        self.client.did("esperava «ERR …»");
        Err(Failure::new(format!("o {name} não recebeu um erro"))
            .comparing(Expected::exactly("ERR"), text.as_bytes()))
    }

    /// The same as `hears` without a word in the record; and another text may
    /// come before.
    pub fn hears_quietly(&mut self, text: &str, before: &str) -> Outcome {
        loop {
            match self.next(ANSWER)? {
                Some(Message::Text(heard)) if heard == text => return Ok(()),
                Some(Message::Text(heard)) if heard == before => {}
                _ => {
                    let name = &self.client.name;
                    return Err(Failure::new(format!(
                        "o {name} deixou de receber o que se diz"
                    )));
                }
            }
        }
    }

    /// Receives a text, whatever it says; this one should come.
    pub fn hears_any(&mut self, text: &str) -> Outcome<String> {
        self.hears_such(&Expected::exactly(text), |_| true)
    }

    /// A text that comes within this time, if one does.
    pub fn hears_within(&mut self, limit: Duration) -> Outcome<Option<String>> {
        match self.next(limit)? {
            Some(Message::Text(text)) => Ok(Some(text)),
            _ => Ok(None),
        }
    }

    fn hears_such(
        &mut self,
        expected: &Expected,
        is_it: impl Fn(&str) -> bool,
    ) -> Outcome<String> {
        let name = self.client.name.clone();
        let what = match self.next(ANSWER)? {
            Some(Message::Text(text)) if is_it(&text) => return Ok(text),
            Some(Message::Text(text)) => {
                self.client
                    .did(format!("esperava {}", expected.summarised()));
                return Err(Failure::new(format!(
                    "o {name} recebeu outra coisa"
                ))
                .comparing(expected.clone(), text.as_bytes()));
            }
            Some(Message::Close(_)) => "foi desligado",
            Some(_) => "recebeu um frame que não é de texto",
            None => "ficou à espera e não recebeu nada",
        };
        self.client
            .did(format!("esperava {}", expected.summarised()));
        Err(Failure::new(format!("o {name} {what}"))
            .comparing(expected.clone(), b""))
    }

    /// No text may come for a moment.
    pub fn hears_nothing(&mut self, cause: &str) -> Outcome {
        self.hears_only(&[], &[], SILENCE, cause)
    }

    /// Only these texts may come, until one of the `last` comes, or for this
    /// long.
    pub fn hears_only(
        &mut self,
        allowed: &[String],
        last: &[String],
        limit: Duration,
        cause: &str,
    ) -> Outcome {
        let start = Instant::now();
        loop {
            let left = limit.saturating_sub(start.elapsed());
            match self.next(left)? {
                Some(Message::Text(text)) if last.contains(&text) => {
                    self.received(&text);
                    return Ok(());
                }
                Some(Message::Text(text)) if allowed.contains(&text) => {}
                Some(Message::Text(text)) => {
                    let text = text.as_bytes();
                    self.client.did(format!(
                        "não esperava nada, e recebe {}",
                        summarised(text)
                    ));
                    return Err(Failure::new(format!(
                        "o {} recebeu o que não era para ele",
                        self.client.name
                    ))
                    .because(cause)
                    .comparing(Expected::exactly(""), text));
                }
                _ => {
                    self.client.did("não recebe nada, como deve ser");
                    return Ok(());
                }
            }
        }
    }

    /// The next message that is not a ping or a pong, in however many frames;
    /// `None` where none comes.
    fn next(&mut self, limit: Duration) -> Outcome<Option<Message>> {
        loop {
            let read = self.client.reads_frame(limit, |bytes, _| decode(bytes));
            let frame = match read {
                Ok(frame) => frame,
                Err(NoFrame::Malformed(malformed)) => {
                    return Err(self.broken(malformed));
                }
                Err(NoFrame::Time | NoFrame::Closed) => return Ok(None),
            };
            if frame.masking_key.is_some() {
                return Err(Failure::new(
                    "o servidor mascarou um frame, e só os clientes o fazem",
                ));
            }
            if frame.rsv != 0 {
                return Err(self.broken(Malformed {
                    fault: Fault::WebSocketReserved,
                    at: 0,
                }));
            }
            let message = self.assembler.push(frame);
            match message.map_err(|malformed| self.broken(malformed))? {
                Some(Message::Ping(payload)) => {
                    self.client.writes(&crate::peers::ws::frame(
                        true, PONG, &payload,
                    ))?;
                }
                Some(Message::Pong(_)) | None => {}
                Some(message) => return Ok(Some(message)),
            }
        }
    }

    /// What the server sent is no frame.
    fn broken(&self, malformed: Malformed) -> Box<Failure> {
        let name = &self.client.name;
        Failure::new(match malformed.fault {
            Fault::TooLong => {
                format!("chegou ao {name} uma mensagem com mais de 1 MiB")
            }
            Fault::NotUtf8 => {
                format!("chegou ao {name} um texto que não é UTF-8")
            }
            fault => {
                format!("chegou ao {name} um frame estragado ({})", fault.id())
            }
        })
        .because(
            "Um frame que o protocolo não permite: uma biblioteca de WebSocket \
             não o enviaria.",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each connection has a key of its own; and what the server makes of it is
    /// what the RFC says.
    #[test]
    fn every_handshake_is_new() {
        let mut random = Random::new(7, "test");
        let (one, other) = (handshake(&mut random), handshake(&mut random));
        assert_ne!(one.0, other.0);
        let digest = sha1_smol::Sha1::from(
            "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
        );
        let accept = BASE64.encode(&digest.digest().bytes());
        assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }
}
