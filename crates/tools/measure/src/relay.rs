//! A relay between a client and a server that keeps what passes: the bytes on
//! the wire are counted here, and by neither of the two.
//!
//! It sees what the program's protocol puts into TCP or UDP. The headers of
//! TCP, UDP and IP below are the system's, and do not pass through here.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// The longest that a UDP relay waits for the next datagram.
const PATIENCE: Duration = Duration::from_secs(10);

/// A relay for one client. Its threads end with the client's connection.
pub struct Relay {
    address: SocketAddr,
    passed: Arc<Mutex<Passed>>,
}

/// What has passed so far.
#[derive(Clone, Default)]
pub struct Passed {
    /// From the client to the server.
    pub there: Vec<u8>,
    /// From the server to the client.
    pub back: Vec<u8>,
}

impl Relay {
    /// A relay of one TCP connection to this server.
    pub fn tcp(server: SocketAddr) -> io::Result<Relay> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let relay = Relay {
            address: listener.local_addr()?,
            passed: Arc::default(),
        };
        let passed = relay.passed.clone();
        thread::spawn(move || relay_connection(&listener, server, &passed));
        Ok(relay)
    }

    /// A relay of one client's questions and answers to this UDP server.
    pub fn udp(server: SocketAddr) -> io::Result<Relay> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        let relay = Relay {
            address: socket.local_addr()?,
            passed: Arc::default(),
        };
        let passed = relay.passed.clone();
        thread::spawn(move || relay_datagrams(&socket, server, &passed));
        Ok(relay)
    }

    /// Where the client finds the server now.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// All that has passed so far. What a client has received has passed.
    pub fn passed(&self) -> Passed {
        lock(&self.passed).clone()
    }
}

fn lock(passed: &Mutex<Passed>) -> MutexGuard<'_, Passed> {
    passed.lock().unwrap_or_else(PoisonError::into_inner)
}

fn relay_connection(
    listener: &TcpListener,
    server: SocketAddr,
    passed: &Arc<Mutex<Passed>>,
) -> io::Result<()> {
    let (client, _) = listener.accept()?;
    let server = TcpStream::connect(server)?;
    // Two relayed writes are not to wait for each other's acknowledgement.
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;

    let (from, to) = (server.try_clone()?, client.try_clone()?);
    let answers = passed.clone();
    thread::spawn(move || pass(from, to, |b| lock(&answers).back.extend(b)));
    pass(client, server, |bytes| lock(passed).there.extend(bytes))
}

/// Passes bytes on until the sender ends, and says so to the receiver.
fn pass(
    mut from: TcpStream,
    mut to: TcpStream,
    keep: impl Fn(&[u8]),
) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return to.shutdown(Shutdown::Write),
            Ok(count) => {
                // Kept before it goes on: who has it can see it here.
                keep(&buffer[..count]);
                to.write_all(&buffer[..count])?;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => {
                let _ = to.shutdown(Shutdown::Both);
                return Err(error);
            }
        }
    }
}

fn relay_datagrams(
    socket: &UdpSocket,
    server: SocketAddr,
    passed: &Mutex<Passed>,
) -> io::Result<()> {
    let upstream = UdpSocket::bind("127.0.0.1:0")?;
    upstream.connect(server)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    upstream.set_read_timeout(Some(PATIENCE))?;
    let mut buffer = [0; 2048];
    loop {
        let (count, client) = socket.recv_from(&mut buffer)?;
        lock(passed).there.extend(&buffer[..count]);
        upstream.send(&buffer[..count])?;

        let count = upstream.recv(&mut buffer)?;
        lock(passed).back.extend(&buffer[..count]);
        socket.send_to(&buffer[..count], client)?;
    }
}

#[cfg(test)]
mod tests {
    use testkit::Program;

    use super::*;

    #[test]
    fn counts_what_passes_over_tcp() {
        let server = Program::server("async_tcp_echo_server");
        let relay = Relay::tcp(server.address()).expect("a relay");
        let mut stream = testkit::connect(relay.address());
        let message = [7; 100_000];
        stream.write_all(&message).expect("send");
        let mut echo = vec![0; message.len()];
        stream.read_exact(&mut echo).expect("an echo");
        assert!(echo == message);
        let passed = relay.passed();
        assert!(passed.there == message && passed.back == message);

        stream.shutdown(Shutdown::Write).expect("end");
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).expect("the server's end");
        assert!(rest.is_empty());
    }

    #[test]
    fn counts_what_passes_over_udp() {
        let server = Program::server("udp_echo_server");
        let relay = Relay::udp(server.address()).expect("a relay");
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket.connect(relay.address()).expect("connect");
        socket.set_read_timeout(Some(PATIENCE)).expect("a limit");
        for _ in 0..3 {
            socket.send(b"21.57").expect("send");
            assert_eq!(socket.recv(&mut [0; 64]).expect("an echo"), 5);
        }
        assert_eq!(relay.passed().there, b"21.57".repeat(3));
        assert_eq!(relay.passed().back, b"21.57".repeat(3));
    }
}
