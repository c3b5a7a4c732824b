//! The loads: one module a protocol. Each has a function `round_trips`, which
//! exchanges messages one after the other on one connection for a while, and
//! gives how long each took.

pub mod amqp;
pub mod http;
pub mod in_python;
pub mod mqtt;
pub mod tcp;
pub mod udp;
pub mod ws;
pub mod zmq;

use std::io;
use std::time::{Duration, Instant};

use crate::statistics::Latencies;

/// How long an answer may take before the load gives up.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The message of the echo loads, as long as a small reading.
pub const MESSAGE: [u8; 64] =
    *b"{\"sensor\":\"forno_1\",\"temperatura\":21.5,\"instante\":170000000000}\n";

/// A closed loop: `exchange` again and again for this long, each one timed,
/// after some that are not: the first ones find everything cold.
pub fn closed_loop<E>(
    time: Duration,
    mut exchange: impl FnMut() -> Result<(), E>,
) -> Result<Latencies, E> {
    for _ in 0..20 {
        exchange()?;
    }
    let mut latencies = Latencies::new();
    let start = Instant::now();
    let mut before = start;
    while before - start < time {
        exchange()?;
        let after = Instant::now();
        latencies.record(after - before);
        before = after;
    }
    Ok(latencies)
}

/// So many exchanges, each on a socket of its own, which it gives back: from
/// before that is made to the answer, and not to its end.
pub fn first_answers<T>(
    count: usize,
    mut exchange: impl FnMut() -> io::Result<T>,
) -> io::Result<Latencies> {
    let mut latencies = Latencies::new();
    for _ in 0..count {
        let start = Instant::now();
        let socket = exchange()?;
        latencies.record(start.elapsed());
        drop(socket);
    }
    Ok(latencies)
}

/// The answer to a message that is not the same message.
pub fn wrong_echo() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "o eco não é igual à mensagem")
}
