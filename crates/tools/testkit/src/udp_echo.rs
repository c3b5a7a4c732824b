//! What both UDP echo servers of part 1 go through, over real sockets.

use std::net::{SocketAddr, UdpSocket};

use crate::net::answers_python_and_nc;
use crate::{DEADLINE, Program};

/// A client's socket: it has a time limit and hears only the server.
fn client(server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.connect(server).expect("choose the server");
    socket
        .set_read_timeout(Some(DEADLINE))
        .expect("set a time limit");
    socket
}

fn assert_echo(socket: &UdpSocket, message: &[u8]) {
    socket.send(message).expect("send a datagram");
    let mut buffer = vec![0; 65_536];
    let count = socket.recv(&mut buffer).expect("receive the echo");
    assert!(buffer[..count] == *message, "the echo differs");
}

/// Sends a datagram and waits for nothing.
pub fn send(server: SocketAddr, message: &[u8]) {
    client(server).send(message).expect("send a datagram");
}

/// Datagrams of every size, from empty to the largest that there is.
pub fn every_size(server: &Program) {
    let socket = client(server.address());
    for size in [0, 1, 1024, 1025, 9000, 65_507] {
        let message: Vec<u8> = (0..size).map(|i| (i % 251) as u8).collect();
        assert_echo(&socket, &message);
    }
}

/// Bytes that are not text come back as they went.
pub fn invalid_utf8(server: &Program) {
    let socket = client(server.address());
    assert_echo(&socket, b"\xff\xfe\x00\xc3\x28");
    assert_echo(&socket, "é".as_bytes());
}

/// Clients that leave before their echo comes disturb nobody.
pub fn clients_that_leave(server: &Program) {
    let bystander = client(server.address());
    for _ in 0..100 {
        client(server.address()).send(b"adeus").expect("send");
    }
    assert_echo(&bystander, b"ainda aqui");
}

/// Each of this many clients gets its own datagram back.
pub fn clients_at_once(server: &Program, count: usize) {
    let sockets: Vec<UdpSocket> =
        (0..count).map(|_| client(server.address())).collect();
    // A few at a time: more than the server's receive buffer holds would be
    // lost, as UDP does.
    for group in sockets.chunks(50) {
        for (index, socket) in group.iter().enumerate() {
            socket.send(&[index as u8; 9]).expect("send");
        }
        for (index, socket) in group.iter().enumerate() {
            let mut echo = [0; 16];
            let count = socket.recv(&mut echo).expect("an echo for each");
            assert_eq!(echo[..count], [index as u8; 9]);
        }
    }
}

/// A flood from a client that never reads: the others are still served. What
/// the flood pushes out of the server's buffer is lost, which UDP allows.
pub fn never_reads(server: &Program) {
    let before = server.memory();
    let flood = client(server.address());
    for _ in 0..20_000 {
        flood.send(&[b'x'; 1024]).expect("send");
    }
    let socket = client(server.address());
    socket
        .set_read_timeout(Some(crate::PATIENCE))
        .expect("a time limit");
    let mut echo = [0; 16];
    let served = (0..100).any(|_| {
        socket.send(b"e eu?").expect("send");
        socket.recv(&mut echo).is_ok()
    });
    assert!(served, "nobody is served after the flood");
    assert_eq!(&echo[..5], b"e eu?");
    server.assert_grown_by_less_than(4 << 20, before);
}

/// The Python client of the same slide, and `nc`, get their echo.
pub fn other_clients(server: &Program) {
    let says = format!("Eco recebido: Ola, UDP! de {}", server.address());
    answers_python_and_nc(server, "udp_echo_client.py", &says, &["-u"]);
}

/// Makes the tests of this module for one server:
/// `testkit::udp_echo_tests!("udp_echo_server");`
#[macro_export]
macro_rules! udp_echo_tests {
    ($server:literal) => {
        $crate::udp_echo_tests!(
            @each $server,
            every_size invalid_utf8 clients_that_leave never_reads
            other_clients
        );

        #[test]
        fn a_thousand_clients() {
            testkit::udp_echo::clients_at_once(
                &testkit::Program::server($server),
                testkit::tcp_echo::clients_allowed(1000),
            );
        }

        #[test]
        fn console_block() {
            testkit::run_console_blocks();
        }

        #[test]
        fn address_refused() {
            testkit::refuses_addresses($server, "127.0.0.1:65433");
        }

        #[test]
        fn ends_when_it_cannot_print() {
            testkit::ends_when_it_cannot_print($server, |address| {
                testkit::udp_echo::send(address, b"ouves?");
            });
        }
    };
    (@each $server:literal, $($check:ident)*) => {
        $(
            #[test]
            fn $check() {
                testkit::udp_echo::$check(&testkit::Program::server($server));
            }
        )*
    };
}
