//! ZeroMQ's clients.

use std::time::{Duration, Instant};

use super::{MESSAGE, PATIENCE, closed_loop};
use crate::statistics::Latencies;

/// A REQ socket, connected to an endpoint.
pub fn request_socket(
    context: &zmq::Context,
    endpoint: &str,
) -> zmq::Result<zmq::Socket> {
    let socket = context.socket(zmq::REQ)?;
    let patience = PATIENCE.as_millis() as i32;
    socket.set_rcvtimeo(patience)?;
    socket.set_sndtimeo(patience)?;
    socket.set_linger(0)?;
    socket.connect(endpoint)?;
    Ok(socket)
}

/// One question at a time.
pub fn round_trips(endpoint: &str, time: Duration) -> zmq::Result<Latencies> {
    let context = zmq::Context::new();
    let socket = request_socket(&context, endpoint)?;
    closed_loop(time, || ask(&socket, &MESSAGE))
}

/// One question and its answer. The first one waits for the connection.
pub fn ask(socket: &zmq::Socket, question: &[u8]) -> zmq::Result<()> {
    socket.send(question, 0)?;
    socket.recv_msg(0)?;
    Ok(())
}

/// Questions answered in a second, to so many REQ sockets at once that stay
/// connected, each in a closed loop.
pub fn crowd(
    endpoint: &str,
    clients: usize,
    time: Duration,
) -> zmq::Result<f64> {
    let context = zmq::Context::new();
    let sockets: Vec<zmq::Socket> = (0..clients)
        .map(|_| request_socket(&context, endpoint))
        .collect::<zmq::Result<_>>()?;
    for socket in &sockets {
        ask(socket, &MESSAGE)?; // until all are connected
    }
    for socket in &sockets {
        socket.send(&MESSAGE[..], 0)?;
    }
    let mut items: Vec<zmq::PollItem> = sockets
        .iter()
        .map(|socket| socket.as_poll_item(zmq::POLLIN))
        .collect();
    let begin = Instant::now() + time / 5; // the first ones warm up
    let end = begin + time;
    let mut answers = 0_u64;
    loop {
        if zmq::poll(&mut items, PATIENCE.as_millis() as i64)? == 0 {
            return Err(zmq::Error::EAGAIN);
        }
        let now = Instant::now();
        if now >= end {
            return Ok(answers as f64 / time.as_secs_f64());
        }
        for (item, socket) in items.iter().zip(&sockets) {
            if item.is_readable() {
                socket.recv_msg(0)?;
                socket.send(&MESSAGE[..], 0)?;
                answers += u64::from(now >= begin);
            }
        }
    }
}
