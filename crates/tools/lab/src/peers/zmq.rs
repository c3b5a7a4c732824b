//! ZeroMQ as it goes over the wire, made of frames, so that a check decides
//! what is sent and when: ZMTP 3.0 without security, as RFC 23 has it
//! (<https://rfc.zeromq.org/spec/23/>).

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use wire::zmtp::{Frame, decode, decode_greeting};

use crate::bytes::{Expected, summarised};
use crate::limits::{ANSWER, SILENCE};
use crate::outcome::{Failure, Outcome};
use crate::peers::tcp::{Client, NoFrame};
use crate::trial::Trial;

/// The flags of a frame.
const MORE: u8 = 1;
const LONG: u8 = 2;
const COMMAND: u8 = 4;

#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    Req,
    Rep,
    Push,
    Pull,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Req => "REQ",
            Kind::Rep => "REP",
            Kind::Push => "PUSH",
            Kind::Pull => "PULL",
        }
    }

    /// What may be on the other side.
    fn peers(self) -> [&'static str; 2] {
        match self {
            Kind::Req => ["REP", "ROUTER"],
            Kind::Rep => ["REQ", "DEALER"],
            Kind::Push => ["PULL", "PULL"],
            Kind::Pull => ["PUSH", "PUSH"],
        }
    }

    /// Whether an empty frame comes before those of the message.
    fn has_envelope(self) -> bool {
        matches!(self, Kind::Req | Kind::Rep)
    }
}

/// A socket with one peer.
pub struct Socket {
    client: Client,
    kind: Kind,
}

/// Where a program is to connect.
pub struct Listener {
    name: String,
    listener: TcpListener,
}

impl Listener {
    pub fn bind(name: &str, address: SocketAddr) -> Outcome<Listener> {
        let bound = TcpListener::bind(address).and_then(|listener| {
            listener.set_nonblocking(true)?;
            Ok(listener)
        });
        match bound {
            Ok(listener) => Ok(Listener {
                name: name.to_string(),
                listener,
            }),
            Err(error) => Err(Failure::not_run(format!(
                "o verificador ficou sem a porta {}: {error}",
                address.port()
            ))),
        }
    }

    /// The program's connection, before any word on it.
    pub fn accept(&self, trial: &mut Trial) -> Outcome<Client> {
        let limit = trial.time_to_connect();
        let missing = || {
            Failure::new(format!(
                "ao fim de {} s, o programa ainda não se ligou ao {}",
                limit.as_secs(),
                self.name
            ))
            .because(
                "O programa liga-se aos endereços que resultam do seu \
                 primeiro argumento: as tarefas nesse, os resultados na porta \
                 a seguir e os lotes na outra.",
            )
        };
        let stream = trial.awaits(limit, missing, || {
            let (stream, _) = self.listener.accept().ok()?;
            stream.set_nonblocking(false).ok()?;
            Some(stream)
        })?;
        trial.begins();
        Ok(Client::new(self.name.clone(), stream, trial.steps.clone()))
    }

    /// The program's socket.
    pub fn opens(&self, trial: &mut Trial, kind: Kind) -> Outcome<Socket> {
        Socket::open(self.accept(trial)?, kind)
    }
}

/// A socket of this name, connected as soon as the program listens there.
pub fn connect(
    trial: &mut Trial,
    name: &str,
    address: SocketAddr,
    kind: Kind,
) -> Outcome<Socket> {
    let limit = trial.time_to_connect();
    let missing = || {
        Failure::new(format!(
            "ao fim de {} s, ninguém escuta onde o {name} se quer ligar",
            limit.as_secs()
        ))
        .because(
            "O programa escuta nos endereços que resultam do seu primeiro \
             argumento: as tarefas nesse, os resultados na porta a seguir e \
             os lotes na outra.",
        )
    };
    let stream = trial.awaits(limit, missing, || {
        let stream = TcpStream::connect_timeout(&address, ANSWER).ok()?;
        // A port of one's own, while nobody listens there, can come out
        // connected to itself.
        (stream.local_addr().ok()? != address).then_some(stream)
    })?;
    trial.begins();
    let steps = trial.steps.clone();
    Socket::open(Client::new(name.to_string(), stream, steps), kind)
}

impl Socket {
    /// Shakes hands.
    pub fn open(mut client: Client, kind: Kind) -> Outcome<Socket> {
        // Signature, version 3.0, and the mechanism that is none.
        let mut greeting = [0; 64];
        (greeting[0], greeting[9], greeting[10]) = (0xff, 0x7f, 3);
        greeting[12..16].copy_from_slice(b"NULL");
        client.writes(&greeting)?;

        let name = client.name.clone();
        let foreign = || {
            Failure::new(format!(
                "quem falou com o {name} não fala ZeroMQ, da versão 3 ou mais"
            ))
            .because(
                "Do outro lado tem de estar um socket de ZeroMQ, sem cifra \
                 nem senha.",
            )
        };
        match client.reads_frame(ANSWER, |bytes, _| decode_greeting(bytes)) {
            Ok(theirs) if theirs.mechanism == "NULL" => {}
            _ => return Err(foreign()),
        }

        let mut ready = b"\x05READY".to_vec();
        for (property, value) in
            [("Socket-Type", kind.name()), ("Identity", "")]
        {
            ready.push(property.len() as u8);
            ready.extend(property.as_bytes());
            ready.extend((value.len() as u32).to_be_bytes());
            ready.extend(value.as_bytes());
        }
        let mut socket = Socket { client, kind };
        socket.client.writes(&frame(COMMAND, &ready))?;
        let theirs = match socket.frame(ANSWER)? {
            Some(Frame::Command(command)) => command.socket_type(),
            _ => None,
        };
        let Some(theirs) = theirs else {
            return Err(foreign());
        };
        if kind.peers().contains(&theirs.as_str()) {
            return Ok(socket);
        }
        let expected = kind.peers()[0];
        let name = &socket.client.name;
        Err(Failure::new(format!("o {name} não fala com um {theirs}"))
            .because(format!(
                "Do outro lado de um {} tem de estar um {expected}.",
                kind.name()
            ))
            .comparing(Expected::exactly(expected), theirs.as_bytes()))
    }

    pub fn did(&self, what: impl Into<String>) {
        self.client.did(what);
    }

    /// Sends a message of one frame.
    pub fn sends(&mut self, text: impl AsRef<[u8]>) -> Outcome {
        let text = text.as_ref();
        self.client.did(format!("envia {}", summarised(text)));
        self.writes(&[text])
    }

    /// The same without a word in the record.
    pub fn sends_quietly(&mut self, text: &str) -> Outcome {
        self.writes(&[text.as_bytes()])
    }

    /// Sends a message of several frames.
    pub fn sends_frames(&mut self, frames: &[&str]) -> Outcome {
        let shown: Vec<String> = frames
            .iter()
            .map(|frame| summarised(frame.as_bytes()))
            .collect();
        self.client
            .did(format!("envia, em vários frames, {}", shown.join(" + ")));
        let frames: Vec<&[u8]> =
            frames.iter().map(|frame| frame.as_bytes()).collect();
        self.writes(&frames)
    }

    fn writes(&mut self, frames: &[&[u8]]) -> Outcome {
        let mut bytes = Vec::new();
        if self.kind.has_envelope() {
            bytes.extend(frame(MORE, b""));
        }
        for (index, body) in frames.iter().enumerate() {
            let more = if index + 1 < frames.len() { MORE } else { 0 };
            bytes.extend(frame(more, body));
        }
        self.client.writes(&bytes)
    }

    /// Receives the message that should come.
    pub fn expects(&mut self, text: &str) -> Outcome {
        let expected = Expected::exactly(text);
        match self.next(ANSWER)? {
            Some(received) if expected.first_wrong(&received).is_none() => {
                self.client.did(format!("recebe {}", summarised(&received)));
                Ok(())
            }
            Some(received) => Err(self.mismatch(expected, &received)),
            None => Err(self.nothing(expected)),
        }
    }

    /// Receives one that starts with ERR.
    pub fn expects_error(&mut self) -> Outcome {
        let expected = Expected::exactly("ERR");
        match self.next(ANSWER)? {
            Some(text) if text == b"ERR" || text.starts_with(b"ERR ") => {
                self.client.did(format!("recebe {}", summarised(&text)));
                Ok(())
            }
            Some(received) => Err(self.mismatch(expected, &received)),
            None => Err(self.nothing(expected)),
        }
    }

    /// Receives a message, whatever it says, without a word in the record
    /// where there is one.
    pub fn hears(&mut self, example: &str) -> Outcome<String> {
        match self.next(ANSWER)? {
            Some(text) => Ok(String::from_utf8_lossy(&text).into_owned()),
            None => Err(self.nothing(Expected::exactly(example))),
        }
    }

    /// Nothing may come for a moment.
    pub fn expects_silence(&mut self) -> Outcome {
        match self.next(SILENCE)? {
            None => {
                self.client.did("não recebe nada, como deve ser");
                Ok(())
            }
            Some(text) => {
                let text = summarised(&text);
                self.client
                    .did(format!("não esperava nada, e recebe {text}"));
                Err(Failure::new(format!(
                    "o {} recebeu {text} antes de tempo",
                    self.client.name
                )))
            }
        }
    }

    pub fn mismatch(
        &self,
        expected: Expected,
        received: &[u8],
    ) -> Box<Failure> {
        self.client
            .did(format!("esperava {}", expected.summarised()));
        let name = &self.client.name;
        Failure::new(format!("o {name} recebeu outra coisa"))
            .comparing(expected, received)
    }

    fn nothing(&self, expected: Expected) -> Box<Failure> {
        self.client
            .did(format!("esperava {}", expected.summarised()));
        Failure::new(format!(
            "o {} ficou à espera e não recebeu nada",
            self.client.name
        ))
        .comparing(expected, b"")
    }

    /// The next message, which is one frame; `None` where none comes.
    fn next(&mut self, limit: Duration) -> Outcome<Option<Vec<u8>>> {
        let mut frames = Vec::new();
        loop {
            match self.frame(limit)? {
                None => return Ok(None),
                Some(Frame::Command(_)) => {}
                Some(Frame::Message { more, body }) => {
                    frames.push(body);
                    if !more {
                        break;
                    }
                }
            }
        }
        let name = &self.client.name;
        if self.kind.has_envelope() {
            if frames.len() < 2 || !frames[0].is_empty() {
                return Err(Failure::new(format!(
                    "ao {name} chegou uma mensagem sem o frame vazio que a \
                     separa do remetente"
                ))
                .because(
                    "Com REQ e REP, o frame vazio vai e vem sozinho; com \
                     DEALER e ROUTER, é o programa que o escreve.",
                ));
            }
            frames.remove(0);
        }
        if frames.len() > 1 {
            return Err(Failure::new(format!(
                "ao {name} chegou uma mensagem de {} frames",
                frames.len()
            ))
            .because("Cada mensagem é um só frame."));
        }
        Ok(frames.pop())
    }

    /// The next frame; `None` where none comes.
    fn frame(&mut self, limit: Duration) -> Outcome<Option<Frame>> {
        match self.client.reads_frame(limit, |bytes, _| decode(bytes)) {
            Ok(frame) => Ok(Some(frame)),
            Err(NoFrame::Time | NoFrame::Closed) => Ok(None),
            Err(NoFrame::Malformed(_)) => Err(Failure::new(format!(
                "chegou ao {} um frame estragado",
                self.client.name
            ))),
        }
    }
}

fn frame(flags: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = match u8::try_from(body.len()) {
        Ok(length) => vec![flags, length],
        Err(_) => {
            let mut head = vec![flags | LONG];
            head.extend((body.len() as u64).to_be_bytes());
            head
        }
    };
    frame.extend(body);
    frame
}
