//! Sockets for tests: with time limits, and with the rougher ways to end.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use programs::{Port, Setup};

use crate::{DEADLINE, Program, lesson, peer};

/// How long a test watches for something that must *not* happen.
pub const PATIENCE: Duration = Duration::from_millis(300);

/// Connects, with [`DEADLINE`] on every later read and write.
///
/// # Panics
/// Where nobody listens there.
pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&address, DEADLINE)
        .unwrap_or_else(|error| panic!("connect to {address}: {error}"));
    stream
        .set_read_timeout(Some(DEADLINE))
        .expect("set a time limit");
    stream
        .set_write_timeout(Some(DEADLINE))
        .expect("set a time limit");
    stream.set_nodelay(true).expect("send each write at once");
    stream
}

/// Ends a connection to an echo server with a reset (RST) instead of a
/// goodbye: that is what a system sends when a socket is closed while there is
/// still something to read in it.
///
/// # Panics
/// Where the server does not answer.
pub fn reset(mut stream: TcpStream) {
    stream.write_all(b"reset").expect("send");
    let mut one = [0; 1];
    assert_eq!(stream.peek(&mut one).expect("an echo to leave unread"), 1);
}

/// An address at which nobody listens, and nobody will while the two streams
/// live: the port belongs to the first one's end of a connection.
///
/// # Panics
/// Where the system has no free port.
pub fn unused_address() -> (SocketAddr, [TcpStream; 2]) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let address = listener.local_addr().expect("an address");
    let stream = TcpStream::connect(address).expect("connect");
    let (accepted, _) = listener.accept().expect("accept");
    (stream.local_addr().expect("an address"), [stream, accepted])
}

/// A server told to listen at a port that another program holds, or at what is
/// no address: one line that says so and names another address to choose.
///
/// # Panics
/// Where it does anything else.
pub fn refuses_addresses(server: &str, instead: &str) {
    let (_tcp, _udp, taken) = taken_address();
    for wrong in [taken.as_str(), "banana", "127.0.0.1", "127.0.0.1:99999", ""]
    {
        Program::start(lesson(server).arg(wrong))
            .finish()
            .assert_fails_with(&format!(
                "Não foi possível escutar em {wrong}[..]. Escolha outro: cargo \
                 run -p {server} -- {instead}"
            ));
    }
}

/// A server whose output nobody reads any more (`| head -1`) and that is then
/// given something to tell: it ends, whole, instead of serving without a word.
///
/// # Panics
/// Where it goes on, or `disturb`, which gets its address, panics.
pub fn ends_when_it_cannot_print(
    server: &str,
    disturb: impl FnOnce(SocketAddr),
) {
    ends_when_cut_short(lesson(server).arg("127.0.0.1:0"), |first| {
        let address = first.rsplit([' ', '/']).next().expect("a word");
        disturb(address.parse().expect("an address"));
    });
}

/// The same for any program, which `disturb` gives something to print; it gets
/// the first line.
///
/// # Panics
/// Where the program goes on, or ends as if all was well.
pub fn ends_when_cut_short(command: &mut Command, disturb: impl FnOnce(&str)) {
    let (reader, output) = io::pipe().expect("make a pipe");
    let mut probe = output.try_clone().expect("a second writer");
    let running = Setup::new(command)
        .writing_to(output)
        .start()
        .expect("start the program");
    let mut first = String::new();
    let mut reader = BufReader::new(reader);
    reader
        .read_line(&mut first)
        .expect("the program's first line");
    drop(reader);
    // What another test is just starting may hold a copy for a moment.
    let start = Instant::now();
    while probe.write(b"\n").is_ok() {
        assert!(start.elapsed() < DEADLINE, "somebody else reads");
        thread::sleep(Duration::from_millis(1));
    }
    disturb(first.trim_end());

    let name = running.name();
    let status = running
        .wait(DEADLINE)
        .unwrap_or_else(|_| panic!("{name} goes on, mute"));
    assert!(
        !status.success(),
        "{name} could not print, and did not say so"
    );
}

/// An address that other sockets hold, of either protocol.
fn taken_address() -> (TcpListener, UdpSocket, String) {
    loop {
        let tcp = TcpListener::bind("127.0.0.1:0").expect("listen");
        let address = tcp.local_addr().expect("an address");
        if let Ok(udp) = UdpSocket::bind(address) {
            return (tcp, udp, address.to_string());
        }
    }
}

/// Ports for programs that cannot take port 0. Nobody else gets them while
/// this process lives.
///
/// # Panics
/// Where none are left.
pub fn free_ports(count: usize) -> Vec<u16> {
    static GIVEN: Mutex<Vec<Port>> = Mutex::new(Vec::new());
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let ports = (0..count).map(|_| {
        let port = Port::free().expect("a free port");
        let number = port.number();
        given.push(port);
        number
    });
    ports.collect()
}

/// Sends bytes and reads as many back.
///
/// # Panics
/// Where they do not all come back, or others come.
pub(crate) fn assert_echo(stream: &mut TcpStream, message: &[u8]) {
    stream.write_all(message).expect("send the message");
    let mut echo = vec![0; message.len()];
    stream.read_exact(&mut echo).expect("read the echo");
    assert!(echo == message, "the echo differs from the message");
}

/// An echo server's Python client says this at its end, and `nc`, with these
/// options, gets its own line back.
///
/// # Panics
/// Where either gets something else.
pub(crate) fn answers_python_and_nc(
    server: &Program,
    client: &str,
    says: &str,
    nc: &[&str],
) {
    let address = server.address();
    let python = Program::start(peer(client).arg(address.to_string())).finish();
    assert!(python.status.success(), "{python:?}");
    assert_eq!(python.stdout.trim_end(), says);
    if cfg!(windows) {
        return; // Windows comes without nc
    }
    let [host, port] = [address.ip().to_string(), address.port().to_string()];
    let mut command = Command::new("nc");
    let mut nc = Program::start(command.args(nc).args([host, port]));
    nc.type_line("linha de nc");
    nc.wait_for("linha de nc\n");
}
