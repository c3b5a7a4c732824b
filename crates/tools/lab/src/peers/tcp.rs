//! A TCP client that writes down what it does.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use wire::{Decoded, Malformed};

use crate::bytes::{Expected, summarised};
use crate::limits::{ANSWER, SILENCE};
use crate::outcome::{Failure, Kind, Outcome, Steps};

pub struct Client {
    pub name: String,
    stream: TcpStream,
    steps: Steps,
    /// What came and was not asked for yet.
    waiting: Vec<u8>,
}

/// Why no frame was read.
pub enum NoFrame {
    /// It did not come in time, or not whole.
    Time,
    /// The other side has closed before its end.
    Closed,
    /// What came is none.
    Malformed(Malformed),
}

/// Why nothing more was read.
enum Stop {
    Enough,
    Time,
    Closed,
}

impl Client {
    pub fn new(name: String, stream: TcpStream, steps: Steps) -> Client {
        // Each write is a segment of its own, as far as the sender decides.
        let _ = stream.set_nodelay(true);
        let _ = stream.set_write_timeout(Some(ANSWER));
        Client {
            name,
            stream,
            steps,
            waiting: Vec::new(),
        }
    }

    pub fn did(&self, what: impl Into<String>) {
        self.steps.add(&self.name, what);
    }

    /// Sends it all at once.
    pub fn sends(&mut self, bytes: impl AsRef<[u8]>) -> Outcome {
        let bytes = bytes.as_ref();
        self.did(format!("envia {}", summarised(bytes)));
        self.writes(bytes)
    }

    /// Sends one byte at a time.
    pub fn sends_byte_by_byte(&mut self, bytes: impl AsRef<[u8]>) -> Outcome {
        let bytes = bytes.as_ref();
        self.did(format!("envia, byte a byte, {}", summarised(bytes)));
        self.writes_byte_by_byte(bytes)
    }

    /// The same without a word in the record.
    pub fn writes_byte_by_byte(&mut self, bytes: &[u8]) -> Outcome {
        for byte in bytes {
            self.writes(&[*byte])?;
            thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// Sends without a word in the record.
    pub fn writes(&mut self, bytes: &[u8]) -> Outcome {
        match self.stream.write_all(bytes) {
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut
                ) =>
            {
                Err(Failure::new(format!(
                    "o programa deixou de ler o que o {} lhe envia",
                    self.name
                )))
            }
            // A connection that was closed shows in the next read.
            _ => Ok(()),
        }
    }

    /// Sends from the beginning of this as much as goes in; no byte where the
    /// other side has stopped reading, as it should where nobody reads its
    /// answers.
    pub fn sends_what_goes_in(&mut self, bytes: &[u8]) -> usize {
        let _ = self.stream.set_write_timeout(Some(SILENCE));
        self.stream.write(bytes).unwrap_or(0)
    }

    /// Behaves as a peer that is there and wants nothing: reads, and hangs up
    /// when the other side does. Never waits.
    pub fn goes_along(&mut self) {
        let _ = self.stream.set_nonblocking(true);
        let mut buffer = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(count @ 1..) => {
                    self.waiting.extend_from_slice(&buffer[..count]);
                }
                Ok(0) => {
                    let _ = self.stream.shutdown(Shutdown::Both);
                    break;
                }
                Err(_) => break,
            }
        }
        let _ = self.stream.set_nonblocking(false);
    }

    /// Says that it will send nothing more, and goes on reading.
    pub fn ends_sending(&mut self) -> Outcome {
        self.did("fecha o seu lado da ligação, e continua a ler");
        let _ = self.stream.shutdown(Shutdown::Write);
        Ok(())
    }

    /// Leaves with a goodbye.
    pub fn leaves(self) {
        self.did("sai");
    }

    /// Leaves with a reset: the system sends one when a socket is closed with
    /// bytes in it that were not read.
    pub fn breaks_off(self) -> Outcome {
        self.did("desaparece, com um reset (RST)");
        let _ = self.stream.set_read_timeout(Some(ANSWER));
        let _ = self.stream.peek(&mut [0; 1]);
        Ok(())
    }

    /// Sends a byte after each pause, for as long as the other side has not
    /// closed.
    pub fn sends_now_and_then(&mut self, bytes: &str, pause: Duration) {
        self.did(format!("envia, um byte de vez em quando, «{bytes}»"));
        for byte in bytes.as_bytes() {
            thread::sleep(pause);
            if self.stream.write_all(&[*byte]).is_err() {
                return;
            }
        }
    }

    /// Reads exactly what should come.
    pub fn expects(&mut self, expected: Expected, cause: &str) -> Outcome {
        self.expects_within(expected, ANSWER, cause)
    }

    /// Reads much, without a word in the record where all is well. How far it
    /// came where it stopped half-way says nothing.
    pub fn reads_all(&mut self, expected: &Expected) -> Outcome {
        let (received, stop) = self.reads_for(expected, ANSWER);
        match expected.first_wrong(&received) {
            None => Ok(()),
            Some(wrong) if wrong == received.len() => {
                let name = &self.name;
                Err(Failure::new(format!("o {name} deixou de receber")))
            }
            Some(_) => {
                let expected = expected.clone();
                Err(self.mismatch(expected, received, stop, ANSWER, ""))
            }
        }
    }

    /// The same, with a time limit of one's own.
    pub fn expects_within(
        &mut self,
        expected: Expected,
        limit: Duration,
        cause: &str,
    ) -> Outcome {
        let (received, stop) = self.reads_for(&expected, limit);
        if expected.first_wrong(&received).is_none() {
            self.did(format!("recebe {}", summarised(&received)));
            return Ok(());
        }
        self.did(format!("esperava {}", expected.summarised()));
        Err(self.mismatch(expected, received, stop, limit, cause))
    }

    /// Reads one line that should be this one.
    pub fn expects_line(&mut self, line: &str, cause: &str) -> Outcome {
        self.expects(Expected::exactly(format!("{line}\n")), cause)
    }

    /// Nothing more may come for a moment.
    pub fn expects_silence(&mut self, cause: &str) -> Outcome {
        self.expects_silence_for(SILENCE, cause)
    }

    /// Nothing may come for this long, not even the end.
    pub fn expects_silence_for(
        &mut self,
        time: Duration,
        cause: &str,
    ) -> Outcome {
        let until = Instant::now() + time;
        self.reads_until(until, |all| line_end(all).is_some());
        if self.waiting.is_empty() {
            self.did("não recebe mais nada, como deve ser");
            return Ok(());
        }
        // Its first line: how many came with it is a matter of luck.
        let first = line_end(&self.waiting).unwrap_or(self.waiting.len());
        let received: Vec<u8> = self.waiting.drain(..first).collect();
        self.did(format!(
            "não esperava nada, e recebe {}",
            summarised(&received)
        ));
        Err(Failure::new(format!(
            "o {} recebeu o que não devia receber",
            self.name
        ))
        .because(cause)
        .comparing(Expected::exactly(""), &received))
    }

    /// The other side closes, within this time, after at most what is already
    /// on its way.
    pub fn expects_end(&mut self, limit: Duration, cause: &str) -> Outcome {
        let until = Instant::now() + limit;
        match self.reads_until(until, |_| false) {
            Stop::Closed => {
                self.did("vê a ligação fechada");
                Ok(())
            }
            Stop::Time | Stop::Enough => {
                self.did("esperava que a ligação fosse fechada");
                Err(Failure::new(format!(
                    "a ligação do {} continua aberta ao fim de {} s",
                    self.name,
                    limit.as_secs()
                ))
                .because(cause))
            }
        }
    }

    /// Reads until a decoder finds a whole frame in what came, and takes that.
    /// The decoder is told whether nothing more can come.
    pub fn reads_frame<T>(
        &mut self,
        limit: Duration,
        mut decode: impl FnMut(&[u8], bool) -> Decoded<T>,
    ) -> Result<T, NoFrame> {
        let until = Instant::now() + limit;
        let mut closed = false;
        let mut needed = 0;
        loop {
            if self.waiting.len() >= needed || closed {
                match decode(&self.waiting, closed) {
                    Decoded::Whole(whole) => {
                        self.waiting.drain(..whole.length);
                        return Ok(whole.content);
                    }
                    Decoded::Malformed(fault) => {
                        return Err(NoFrame::Malformed(fault));
                    }
                    Decoded::NotYet { .. } if closed => {
                        return Err(NoFrame::Closed);
                    }
                    Decoded::NotYet { needed: more } => needed = more,
                }
            }
            match self.reads_until(until, |all| all.len() >= needed) {
                Stop::Enough => {}
                Stop::Time => return Err(NoFrame::Time),
                Stop::Closed => closed = true,
            }
        }
    }

    /// What came and was not read yet, which stays.
    pub fn unread(&self) -> &[u8] {
        &self.waiting
    }

    /// Whether the other side has closed, as far as is known by now.
    pub fn is_closed(&mut self) -> bool {
        let _ = self.stream.set_nonblocking(true);
        let ended = self.stream.peek(&mut [0; 1]);
        let _ = self.stream.set_nonblocking(false);
        match ended {
            Ok(count) => count == 0,
            Err(error) => error.kind() != ErrorKind::WouldBlock,
        }
    }

    /// Reads what an expectation needs: to its length, or to the end of the
    /// line; and where it already differs, what else comes with it.
    fn reads_for(
        &mut self,
        expected: &Expected,
        limit: Duration,
    ) -> (Vec<u8>, Stop) {
        let length = expected.length();
        // The end of the line with the first wrong byte in it.
        let end_of_wrong = |all: &[u8]| {
            let wrong = expected.first_wrong(all)?;
            let end = all.get(wrong..).and_then(line_end)?;
            Some(wrong + end)
        };
        let until = Instant::now() + limit;
        let stop = self.reads_until(until, |all| match length {
            Some(length) => all.len() >= length || end_of_wrong(all).is_some(),
            None => line_end(all).is_some(),
        });
        let all = &self.waiting;
        let whole = match length {
            Some(length) => all.get(..length),
            None => line_end(all).map(|end| &all[..end]),
        };
        let taken = match whole {
            Some(all) if expected.first_wrong(all).is_none() => all.len(),
            _ => end_of_wrong(all).unwrap_or(all.len()),
        };
        (self.waiting.drain(..taken).collect(), stop)
    }

    fn reads_until(
        &mut self,
        until: Instant,
        enough: impl Fn(&[u8]) -> bool,
    ) -> Stop {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            if enough(&self.waiting) {
                return Stop::Enough;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Stop::Time;
            }
            let _ = self.stream.set_read_timeout(Some(left));
            acknowledges_at_once(&self.stream);
            match self.stream.read(&mut buffer) {
                Ok(0) => return Stop::Closed,
                Ok(count) => self.waiting.extend_from_slice(&buffer[..count]),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock
                    | ErrorKind::TimedOut
                    | ErrorKind::Interrupted => {}
                    _ => return Stop::Closed,
                },
            }
        }
    }

    fn mismatch(
        &self,
        expected: Expected,
        received: Vec<u8>,
        stop: Stop,
        limit: Duration,
        cause: &str,
    ) -> Box<Failure> {
        let name = &self.name;
        let what = match (&stop, received.is_empty()) {
            (Stop::Time, true) => format!(
                "o {name} ficou {} s à espera e não recebeu nada",
                limit.as_secs().max(1)
            ),
            (Stop::Time, false) => format!(
                "o {name} recebeu só uma parte, e ficou {} s à espera do resto",
                limit.as_secs().max(1)
            ),
            (Stop::Closed, true) => {
                format!("a ligação do {name} foi fechada sem resposta")
            }
            (Stop::Closed, false) => {
                format!("a ligação do {name} foi fechada a meio da resposta")
            }
            (Stop::Enough, _) => format!("o {name} recebeu outra coisa"),
        };
        let cause = match guess(&expected, &received, &stop) {
            Some(guess) => guess.to_string(),
            None => cause.to_string(),
        };
        let kind = match (stop, received.is_empty()) {
            (Stop::Time, true) => Kind::Hung,
            _ => Kind::Wrong,
        };
        Failure::new(what)
            .because(cause)
            .of(kind)
            .comparing(expected, &received)
    }
}

/// How many bytes the first line has, its end counted, where it is whole.
fn line_end(all: &[u8]) -> Option<usize> {
    all.iter()
        .position(|byte| *byte == b'\n')
        .map(|end| end + 1)
}

/// Many a program sends nothing more before the system has acknowledged what
/// it sent (Nagle), and the system likes to wait with that for 40 ms.
fn acknowledges_at_once(stream: &TcpStream) {
    // Has to be said again and again.
    #[cfg(target_os = "linux")]
    let _ = rustix::net::sockopt::set_tcp_quickack(stream, true);
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}

/// What a difference says by itself, whatever the check is about.
fn guess(
    expected: &Expected,
    received: &[u8],
    stop: &Stop,
) -> Option<&'static str> {
    let wanted = expected.length().map(|_| expected.head())?;
    let wanted_text = wanted.trim_ascii_end();
    if received == wanted_text && matches!(stop, Stop::Time | Stop::Closed) {
        return Some(
            "Falta o fim de linha, «\\n»: sem ele, quem recebe não sabe que a \
             resposta acabou.",
        );
    }
    if received.trim_ascii_end() == wanted_text && received != wanted {
        return Some(
            "O texto está certo, mas a linha não acaba em «\\n» e mais nada: \
             há outro espaço ou «\\r» antes.",
        );
    }
    if received.eq_ignore_ascii_case(wanted) {
        return Some("As maiúsculas e minúsculas também contam.");
    }
    None
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn who_stops_reading_is_told_so() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let stream = TcpStream::connect(address).expect("connect");
        let _deaf = listener.accept().expect("a connection");
        let name = "cliente 1".to_string();
        let mut client = Client::new(name, stream, Steps::default());
        let soon = Some(Duration::from_millis(100));
        client.stream.set_write_timeout(soon).expect("a time limit");
        // More than the system keeps on the way.
        let failure = client.writes(&vec![0; 64 << 20]).expect_err("deaf");
        assert_eq!(
            failure.what,
            "o programa deixou de ler o que o cliente 1 lhe envia"
        );
    }
}
