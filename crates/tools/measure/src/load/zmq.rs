//! ZeroMQ's clients.

use std::time::Duration;

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
