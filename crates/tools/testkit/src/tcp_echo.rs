//! What every TCP echo server of part 1 goes through: bad input, bad manners
//! and load, each over a real socket, each against a server of its own.
//!
//! [`tcp_echo_tests!`](crate::tcp_echo_tests) makes a test of each.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;

use crate::net::{answers_python_and_nc, assert_echo};
use crate::{
    PATIENCE, Program, connect, lesson, raise_descriptor_limit, reset,
};

/// How a server treats a client while another one is connected.
#[derive(Clone, Copy, PartialEq)]
pub enum Serves {
    /// One after another: the next one waits its turn.
    OneByOne,
    /// All at once.
    AllAtOnce,
}

/// A client with good manners, who must notice nothing of what others do.
struct Bystander {
    server: SocketAddr,
    stream: Option<TcpStream>,
}

impl Bystander {
    fn new(server: &Program, serves: Serves) -> Bystander {
        let server = server.address();
        let stream = (serves == Serves::AllAtOnce).then(|| {
            let mut stream = connect(server);
            assert_echo(&mut stream, b"antes");
            stream
        });
        Bystander { server, stream }
    }

    /// Still served; and so is someone new.
    fn check(self) {
        if let Some(mut stream) = self.stream {
            assert_echo(&mut stream, b"depois");
        }
        assert_echo(&mut connect(self.server), "olá".as_bytes());
    }
}

/// Bytes that are not text come back as they went.
pub fn invalid_utf8(server: &Program, serves: Serves) {
    let bystander = Bystander::new(server, serves);
    let mut stream = connect(server.address());
    assert_echo(&mut stream, b"\xff\xfe\x00\xc3\x28\xf0\x9f");
    assert_echo(&mut stream, b"texto outra vez");
    drop(stream);
    bystander.check();
}

/// A character of two bytes that comes in two reads.
pub fn character_cut_in_two(server: &Program, serves: Serves) {
    let bystander = Bystander::new(server, serves);
    let mut stream = connect(server.address());
    let (first, second) = "é".as_bytes().split_at(1);
    assert_echo(&mut stream, first);
    assert_echo(&mut stream, second);
    drop(stream);
    bystander.check();
}

/// Each byte of a message on its own.
pub fn one_byte_at_a_time(server: &Program, serves: Serves) {
    let bystander = Bystander::new(server, serves);
    let mut stream = connect(server.address());
    for byte in "Olá, um byte de cada vez".bytes() {
        assert_echo(&mut stream, &[byte]);
    }
    drop(stream);
    bystander.check();
}

/// A mebibyte in one go, read while it is still being written.
pub fn one_mebibyte(server: &Program, serves: Serves) {
    let bystander = Bystander::new(server, serves);
    let message = pattern(0, 1 << 20);
    let mut reader = connect(server.address());
    let mut writer = reader.try_clone().expect("clone the socket");
    let mut echo = vec![0; message.len()];
    thread::scope(|scope| {
        scope.spawn(|| writer.write_all(&message).expect("send 1 MiB"));
        reader.read_exact(&mut echo).expect("read 1 MiB");
    });
    assert!(echo == message, "the mebibyte came back changed");
    drop((reader, writer));
    bystander.check();
}

/// A client that says it will send no more still gets all of its echo, and
/// then the server's own goodbye.
pub fn half_close(server: &Program, serves: Serves) {
    let bystander = Bystander::new(server, serves);
    let mut stream = connect(server.address());
    stream.write_all(b"e mais nada").expect("send");
    stream.shutdown(Shutdown::Write).expect("close one side");
    let mut echo = Vec::new();
    stream.read_to_end(&mut echo).expect("read to the end");
    assert_eq!(echo, b"e mais nada");
    bystander.check();
}

/// Clients that vanish with a reset in mid-stream.
pub fn reset_in_mid_stream(server: &Program, serves: Serves) {
    let bystander = Bystander::new(server, serves);
    for _ in 0..10 {
        reset(connect(server.address()));
    }
    bystander.check();
    server.wait_for_error("interrompida");
}

/// A client that connects and leaves without a word.
pub fn empty_message(server: &Program, serves: Serves) {
    let bystander = Bystander::new(server, serves);
    drop(connect(server.address()));
    let mut stream = connect(server.address());
    stream.shutdown(Shutdown::Write).expect("close one side");
    assert_eq!(stream.read(&mut [0; 1]).expect("the server's goodbye"), 0);
    bystander.check();
}

/// Writes until the buffers on both sides are full, which is when the server
/// has stopped reading, and gives how many bytes that took.
fn fill(stream: &mut TcpStream) -> usize {
    stream
        .set_write_timeout(Some(PATIENCE))
        .expect("set a time limit");
    let mut sent = 0;
    loop {
        match stream.write(&pattern(sent, 64 * 1024)) {
            Ok(count) => sent += count,
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut
                ) =>
            {
                return sent;
            }
            Err(error) => panic!("after {sent} bytes: {error}"),
        }
        assert!(sent < 256 << 20, "the server swallows without limit");
    }
}

/// Part of a long message in which every four bytes say where they stand: an
/// echo out of place cannot look right.
fn pattern(start: usize, count: usize) -> Vec<u8> {
    let word = |index: usize| ((index / 4) as u32).to_be_bytes();
    (start..start + count)
        .map(|index| word(index)[index % 4])
        .collect()
}

/// A client that reads only when nothing more can be sent: the server had to
/// send in parts, and none is missing.
pub fn reads_late(server: &Program, serves: Serves) {
    let bystander = Bystander::new(server, serves);
    let mut stream = connect(server.address());
    let sent = fill(&mut stream);
    let mut echo = vec![0; sent];
    stream.read_exact(&mut echo).expect("the whole echo");
    assert!(echo == pattern(0, sent), "the echo came back changed");
    drop(stream);
    bystander.check();
}

/// A client that sends for ever and never reads: the server stops taking its
/// bytes instead of keeping them, and the others are served.
pub fn never_reads(server: &Program, serves: Serves) {
    let bystander = Bystander::new(server, serves);
    let before = server.memory();
    let mut stream = connect(server.address());
    fill(&mut stream);
    bystander.check();
    server.assert_grown_by_less_than(4 << 20, before);
}

/// This many clients, all connected before the first one says a word; then
/// each gets its own message back, and not another's.
pub fn clients_at_once(server: &Program, count: usize) {
    let mut streams: Vec<TcpStream> =
        (0..count).map(|_| connect(server.address())).collect();
    let message = |index: usize| format!("cliente {index:05}");
    for (index, stream) in streams.iter_mut().enumerate() {
        stream.write_all(message(index).as_bytes()).expect("send");
    }
    for (index, stream) in streams.iter_mut().enumerate() {
        let mut echo = vec![0; message(index).len()];
        stream.read_exact(&mut echo).expect("an echo for each");
        assert_eq!(String::from_utf8_lossy(&echo), message(index));
    }
}

/// How many clients a test can have here, up to `wanted`: each takes one
/// descriptor in this process and one in the server.
///
/// # Panics
/// Where the limit is too low even for a thousand.
pub fn clients_allowed(wanted: usize) -> usize {
    let allowed = raise_descriptor_limit().saturating_sub(100);
    assert!(
        allowed >= 1000,
        "raise the limit of descriptors: ulimit -n 4096"
    );
    wanted.min(allowed)
}

/// A server that was killed with clients connected, so that their connections
/// still linger in the system, starts again at once on the same port.
pub fn restarts_at_once(name: &str) {
    let mut server = Program::server(name);
    let address = server.address();
    let mut client = connect(address);
    assert_echo(&mut client, b"antes");
    server.kill();
    let again = Program::start(lesson(name).arg(address.to_string()));
    assert_eq!(again.address(), address);
    assert_echo(&mut connect(address), b"depois");
}

/// The Python client of the same slide, and `nc`, get their echo.
pub fn other_clients(server: &Program) {
    answers_python_and_nc(
        server,
        "tcp_echo_client.py",
        "Eco recebido: Ola, mundo",
        &[],
    );
}

/// Makes the tests of this module for one server:
/// `testkit::tcp_echo_tests!("tcp_echo_server", OneByOne);`
#[macro_export]
macro_rules! tcp_echo_tests {
    ($server:literal, $serves:ident) => {
        mod bad_input {
            use testkit::{Program, tcp_echo, tcp_echo::Serves};

            $crate::tcp_echo_tests!(
                @each $server, Serves::$serves,
                invalid_utf8 character_cut_in_two one_byte_at_a_time
                one_mebibyte half_close reset_in_mid_stream empty_message
                reads_late never_reads
            );

            #[test]
            fn address_refused() {
                testkit::refuses_addresses($server, "127.0.0.1:65433");
            }
        }

        #[test]
        fn ends_when_it_cannot_print() {
            testkit::ends_when_it_cannot_print($server, |address| {
                drop(testkit::connect(address));
            });
        }

        #[test]
        fn console_block() {
            testkit::run_console_blocks();
        }

        #[test]
        fn serves_python_and_nc() {
            testkit::tcp_echo::other_clients(
                &testkit::Program::server($server),
            );
        }

        #[test]
        fn starts_again_at_once_on_its_port() {
            testkit::tcp_echo::restarts_at_once($server);
        }
    };
    (@each $server:literal, $serves:expr, $($check:ident)*) => {
        $(
            #[test]
            fn $check() {
                tcp_echo::$check(&Program::server($server), $serves);
            }
        )*
    };
}
