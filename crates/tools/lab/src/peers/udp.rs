//! A UDP socket that writes down what it does.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::bytes::{Expected, summarised};
use crate::limits::{ANSWER, SILENCE, START};
use crate::outcome::{Failure, Kind, Outcome, Steps};

/// How long the checker waits before it asks a program again that may not
/// listen yet.
const AGAIN: Duration = Duration::from_millis(50);

pub struct Sender {
    name: String,
    address: SocketAddr,
    socket: UdpSocket,
    steps: Steps,
}

impl Sender {
    /// A new socket, which hears only the program at this address.
    pub fn open(
        name: String,
        address: SocketAddr,
        steps: Steps,
    ) -> Outcome<Sender> {
        let socket = connected(address)?;
        Ok(Sender {
            name,
            address,
            socket,
            steps,
        })
    }

    fn did(&self, what: impl Into<String>) {
        self.steps.add(&self.name, what);
    }

    /// Sends one datagram.
    pub fn sends(&mut self, datagram: impl AsRef<[u8]>) -> Outcome {
        let datagram = datagram.as_ref();
        self.did(format!("envia {}", summarised(datagram)));
        // Linux tells here that the datagram before found nobody: then the
        // program has gone, which the next answer shows.
        let _ = self.socket.send(datagram);
        Ok(())
    }

    /// Asks until there is an answer, as one does not know whether the program
    /// listens already: from a socket of its own, so that the answers to what
    /// was asked too often, however late, come to nobody. `listens` says
    /// whether it is known to.
    pub fn is_answered(
        &mut self,
        question: &str,
        expected: &str,
        mut listens: impl FnMut() -> Outcome<bool>,
    ) -> Outcome {
        self.did(format!("envia, até ter resposta, «{question}»"));
        let socket = connected(self.address)?;
        let start = Instant::now();
        let mut limit = START;
        loop {
            let _ = socket.send(question.as_bytes());
            if let Some(answer) = receive(&socket, AGAIN) {
                return self.compare(Expected::exactly(expected), answer);
            }
            if listens()? {
                limit = limit.min(start.elapsed() + ANSWER);
            }
            if start.elapsed() > limit {
                let expected = Expected::exactly(expected);
                return Err(self.nothing(expected, ANSWER).unbegun());
            }
        }
    }

    /// Receives the datagram that should come.
    pub fn expects(&mut self, expected: impl AsRef<[u8]>) -> Outcome {
        let expected = Expected::exactly(expected);
        match receive(&self.socket, ANSWER) {
            Some(answer) => self.compare(expected, answer),
            None => Err(self.nothing(expected, ANSWER)),
        }
    }

    /// Nothing may come for a moment.
    pub fn expects_silence(&mut self) -> Outcome {
        let Some(datagram) = receive(&self.socket, SILENCE) else {
            self.did("não recebe nada, como deve ser");
            return Ok(());
        };
        self.did(format!(
            "não esperava nada, e recebe {}",
            summarised(&datagram)
        ));
        Err(Failure::new(format!(
            "o {} recebeu o que não era para ele",
            self.name
        ))
        .comparing(Expected::exactly(""), &datagram))
    }

    fn compare(&self, expected: Expected, received: Vec<u8>) -> Outcome {
        if expected.first_wrong(&received).is_none() {
            self.did(format!("recebe {}", summarised(&received)));
            return Ok(());
        }
        self.did(format!("esperava {}", expected.summarised()));
        let failure =
            Failure::new(format!("o {} recebeu outra coisa", self.name));
        let end = received.trim_ascii_end();
        let failure = if end.len() < received.len()
            && expected.first_wrong(end).is_none()
        {
            failure.because(
                "O texto está certo, mas tem um fim de linha a mais: um \
                 datagrama já tem princípio e fim.",
            )
        } else {
            failure
        };
        Err(failure.comparing(expected, &received))
    }

    fn nothing(&self, expected: Expected, limit: Duration) -> Box<Failure> {
        self.did(format!("esperava {}", expected.summarised()));
        Failure::new(format!(
            "o {} ficou {} s à espera e não recebeu nada",
            self.name,
            limit.as_secs()
        ))
        .of(Kind::Hung)
        .comparing(expected, b"")
    }
}

fn connected(address: SocketAddr) -> Outcome<UdpSocket> {
    let open = || {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect(address)?;
        Ok(socket)
    };
    open().map_err(|error: io::Error| {
        Failure::not_run(format!("o verificador ficou sem sockets: {error}"))
    })
}

fn receive(socket: &UdpSocket, limit: Duration) -> Option<Vec<u8>> {
    let _ = socket.set_read_timeout(Some(limit));
    let mut buffer = vec![0; 65_536];
    let start = Instant::now();
    loop {
        match socket.recv(&mut buffer) {
            Ok(count) => return Some(buffer[..count].to_vec()),
            // Nobody listens (yet).
            Err(error)
                if error.kind() == io::ErrorKind::ConnectionRefused
                    && start.elapsed() < limit =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(_) => return None,
        }
    }
}
