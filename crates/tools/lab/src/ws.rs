//! A WebSocket client made of frames, so that they can be sent in any way that
//! the protocol allows, and in some that it does not.

use std::time::Duration;

use crate::bytes::{Expected, summarised};
use crate::tcp::Client;
use crate::trial::{ANSWER, Failure, Outcome, SILENCE, Trial};

/// The key of RFC 6455's own example, and what a server makes of it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

pub const TEXT: u8 = 1;
pub const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

pub struct Screen {
    pub client: Client,
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
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: lab\r\nUpgrade: websocket\r\nConnection: \
             Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \
             {KEY}\r\n\r\n"
        );
        client.writes(request.as_bytes())?;
        let response = client.reads_response()?;
        let accept = response.header("sec-websocket-accept");
        if response.status == 101 && accept == Some(ACCEPT) {
            return Ok(Screen { client });
        }
        let status = response.status;
        let sent = accept.unwrap_or("(nada)");
        Err(Failure::new("o pedido de WebSocket não foi aceite")
            .because(
                "A resposta ao pedido tem o código 101 e a chave do cliente \
                 transformada, em Sec-WebSocket-Accept. Uma biblioteca de \
                 WebSocket trata disso.",
            )
            .comparing(
                Expected::exactly(format!("101 {ACCEPT}")),
                format!("{status} {sent}").as_bytes(),
            ))
    }

    pub fn says(&mut self, text: &str) -> Outcome {
        self.client
            .did(format!("envia {}", summarised(text.as_bytes())));
        self.client.writes(&frame(true, TEXT, text.as_bytes()))
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
        self.client.sends_byte_by_byte(frames)
    }

    /// Says goodbye, and waits for the answer.
    pub fn closes(mut self) -> Outcome {
        self.client.did("envia um frame de fecho");
        self.client
            .writes(&frame(true, CLOSE, &1000u16.to_be_bytes()))?;
        loop {
            match self.next(ANSWER)? {
                Some((CLOSE, _)) => return Ok(()),
                Some(_) => {}
                None => {
                    return Err(Failure::new(format!(
                        "o {} despediu-se, e não teve resposta",
                        self.client.name
                    )));
                }
            }
        }
    }

    /// Receives the text that should come.
    pub fn hears(&mut self, text: &str) -> Outcome {
        self.hears_past(None, text)
    }

    /// The same, where this may come before.
    pub fn hears_past(&mut self, before: Option<&str>, text: &str) -> Outcome {
        let expected = Expected::exactly(text);
        let is_before = |heard: &[u8]| before.map(str::as_bytes) == Some(heard);
        let mut received = Vec::new();
        while received.is_empty() || is_before(&received) {
            received = self.hears_such(&expected, |heard| {
                is_before(heard) || expected.first_wrong(heard).is_none()
            })?;
        }
        self.client.did(format!("recebe {}", summarised(&received)));
        Ok(())
    }

    /// Receives a text that starts like this.
    pub fn hears_error(&mut self) -> Outcome {
        let name = self.client.name.clone();
        match self.next(ANSWER)? {
            Some((TEXT, text)) if text.starts_with(b"ERR") => {
                self.client.did(format!("recebe {}", summarised(&text)));
                Ok(())
            }
            other => {
                let text = other.map(|(_, text)| text).unwrap_or_default();
                self.client.did("esperava «ERR …»");
                Err(Failure::new(format!("o {name} não recebeu um erro"))
                    .comparing(Expected::exactly("ERR"), &text))
            }
        }
    }

    /// The same as `hears` without a word in the record; and another text may
    /// come before.
    pub fn hears_quietly(&mut self, text: &str, before: &str) -> Outcome {
        let (text, before) = (text.as_bytes(), before.as_bytes());
        loop {
            match self.next(ANSWER)? {
                Some((TEXT, heard)) if heard == text => return Ok(()),
                Some((TEXT, heard)) if heard == before => {}
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
    pub fn hears_any(&mut self, text: &str) -> Outcome<Vec<u8>> {
        self.hears_such(&Expected::exactly(text), |_| true)
    }

    fn hears_such(
        &mut self,
        expected: &Expected,
        is_it: impl Fn(&[u8]) -> bool,
    ) -> Outcome<Vec<u8>> {
        let name = self.client.name.clone();
        let what = match self.next(ANSWER)? {
            Some((TEXT, text)) if is_it(&text) => return Ok(text),
            Some((TEXT, text)) => {
                self.client.did(format!("esperava «{}»", expected.text()));
                return Err(Failure::new(format!(
                    "o {name} recebeu outra coisa"
                ))
                .comparing(expected.clone(), &text));
            }
            Some((CLOSE, _)) => "foi desligado",
            Some(_) => "recebeu um frame que não é de texto",
            None => "ficou à espera e não recebeu nada",
        };
        self.client.did(format!("esperava «{}»", expected.text()));
        Err(Failure::new(format!("o {name} {what}"))
            .comparing(expected.clone(), b""))
    }

    /// No text may come for a moment.
    pub fn hears_nothing(&mut self, cause: &str) -> Outcome {
        self.hears_nothing_but(None, SILENCE, cause)
    }

    /// The same, for this long, where only this text may come.
    pub fn hears_nothing_but(
        &mut self,
        text: Option<&str>,
        limit: Duration,
        cause: &str,
    ) -> Outcome {
        let mut next = self.next(limit)?;
        if let (Some((TEXT, heard)), Some(text)) = (&next, text)
            && heard == text.as_bytes()
        {
            next = self.next(limit)?;
        }
        match next {
            Some((TEXT, text)) => {
                self.client.did(format!(
                    "não esperava nada, e recebe {}",
                    summarised(&text)
                ));
                Err(Failure::new(format!(
                    "o {} recebeu o que não era para ele",
                    self.client.name
                ))
                .because(cause)
                .comparing(Expected::exactly(""), &text))
            }
            _ => {
                self.client.did("não recebe nada, como deve ser");
                Ok(())
            }
        }
    }

    /// The next frame that is not a ping or a pong: its kind and what is in
    /// it; `None` where none comes.
    fn next(&mut self, limit: Duration) -> Outcome<Option<(u8, Vec<u8>)>> {
        loop {
            let Some(head) = self.client.reads_exactly(2, limit) else {
                return Ok(None);
            };
            let opcode = head[0] & 0x0f;
            let length = match head[1] & 0x7f {
                126 => self.client.reads_exactly(2, ANSWER).map(|bytes| {
                    usize::from(u16::from_be_bytes([bytes[0], bytes[1]]))
                }),
                127 => self.client.reads_exactly(8, ANSWER).map(|bytes| {
                    bytes
                        .iter()
                        .fold(0, |all, byte| all << 8 | usize::from(*byte))
                }),
                short => Some(usize::from(short)),
            };
            if length.is_some_and(|length| length > 1 << 20) {
                return Err(Failure::new(format!(
                    "chegou ao {} um frame com mais de 1 MiB",
                    self.client.name
                )));
            }
            let payload = length
                .and_then(|length| self.client.reads_exactly(length, ANSWER));
            let Some(payload) = payload else {
                return Err(Failure::new("um frame não chegou inteiro"));
            };
            if head[1] & 0x80 != 0 {
                return Err(Failure::new(
                    "o servidor mascarou um frame, e só os clientes o fazem",
                ));
            }
            match opcode {
                PING => self.client.writes(&frame(true, PONG, &payload))?,
                PONG => {}
                other => return Ok(Some((other, payload))),
            }
        }
    }
}
