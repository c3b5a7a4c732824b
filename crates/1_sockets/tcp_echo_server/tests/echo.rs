//! The sequential server over real sockets.

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;

use testkit::{Program, connect};

testkit::tcp_echo_tests!("tcp_echo_server", OneByOne);

/// The slide on blocking I/O, as a test.
#[test]
fn second_client_waits_for_the_first() {
    let server = Program::server("tcp_echo_server");
    let mut first = connect(server.address());
    first.write_all(b"um").expect("send");
    first.read_exact(&mut [0; 2]).expect("the first one's echo");

    let mut second = connect(server.address());
    second.write_all(b"dois").expect("send");
    second
        .set_read_timeout(Some(testkit::PATIENCE))
        .expect("a time limit");
    let early = second.read(&mut [0; 4]).expect_err("nobody answers yet");
    assert!(matches!(
        early.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut
    ));

    let peers = [first.local_addr(), second.local_addr()]
        .map(|address| address.expect("an address"));
    drop(first);
    second
        .set_read_timeout(Some(testkit::DEADLINE))
        .expect("a time limit");
    let mut echo = [0; 4];
    second
        .read_exact(&mut echo)
        .expect("now it is the second one's turn");
    assert_eq!(&echo, b"dois");
    second.shutdown(Shutdown::Both).expect("goodbye");

    let [first, second] = peers;
    assert_eq!(
        server.wait_for_lines(5)[1..],
        [
            format!("Ligado por {first}"),
            "Recebido: um".to_string(),
            format!("Ligado por {second}"),
            "Recebido: dois".to_string(),
        ]
    );
}
