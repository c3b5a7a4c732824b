//! The TCP client against servers that are worse than ours.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use testkit::{DEADLINE, Finished, Program, lesson, peer, unused_address};

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

/// Runs the client against a server that treats its connection like this.
fn against(server: impl FnOnce(TcpStream) + Send) -> Finished {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let address = listener.local_addr().expect("an address").to_string();
    let client = Program::start(lesson("tcp_echo_client").arg(&address));
    thread::scope(|scope| {
        scope.spawn(|| {
            let (stream, _) = listener.accept().expect("accept");
            stream
                .set_read_timeout(Some(DEADLINE))
                .expect("a time limit");
            stream.set_nodelay(true).expect("send each write at once");
            server(stream);
        });
        client.finish()
    })
}

/// A peek that waits until the whole message is there.
fn read_message(stream: &mut TcpStream) {
    let mut message = [0; 10];
    stream.read_exact(&mut message).expect("the message");
    assert_eq!(&message, b"Ola, mundo");
}

#[test]
fn sends_ten_bytes_and_closes_first() {
    let finished = against(|mut stream| {
        read_message(&mut stream);
        stream.write_all(b"Ola, mundo").expect("send the echo");
        assert_eq!(stream.read(&mut [0; 1]).expect("the goodbye"), 0);
    });
    assert!(finished.status.success(), "{finished:?}");
    assert_eq!(finished.stdout, "Eco recebido: Ola, mundo\n");
}

#[test]
fn echo_in_pieces() {
    let finished = against(|mut stream| {
        read_message(&mut stream);
        for byte in b"Ola, mundo" {
            stream.write_all(&[*byte]).expect("send a piece");
            thread::yield_now();
        }
        assert_eq!(stream.read(&mut [0; 1]).expect("the goodbye"), 0);
    });
    assert!(finished.status.success(), "{finished:?}");
    assert_eq!(finished.stdout, "Eco recebido: Ola, mundo\n");
}

#[test]
fn echo_that_is_not_text() {
    let finished = against(|mut stream| {
        read_message(&mut stream);
        stream.write_all(b"Ola, \xff\xfe...").expect("send");
    });
    assert!(finished.status.success(), "{finished:?}");
    assert_eq!(finished.stdout, "Eco recebido: Ola, \u{fffd}\u{fffd}...\n");
}

#[test]
fn server_that_leaves_half_way() {
    let finished = against(|mut stream| {
        read_message(&mut stream);
        stream.write_all(b"Ola,").expect("send a part");
    });
    finished.assert_fails_with(
        "A ligação acabou antes de chegar o eco todo ([..]).",
    );
}

#[test]
fn server_that_resets() {
    // Closed with the message still unread: that sends a reset.
    let finished = against(|stream| {
        stream.peek(&mut [0; 10]).expect("the message is there");
    });
    finished.assert_fails_with(
        "A ligação acabou antes de chegar o eco todo ([..]).",
    );
}

#[test]
fn nobody_listens() {
    let (address, _streams) = unused_address();
    for wrong in [address.to_string().as_str(), "banana"] {
        Program::start(lesson("tcp_echo_client").arg(wrong))
            .finish()
            .assert_fails_with(&format!(
                "Não foi possível ligar a {wrong} ([..]). Inicie primeiro o \
                 servidor, noutro terminal: cargo run -p tcp_echo_server"
            ));
    }
}

#[test]
fn python_server() {
    let server = Program::start(&mut peer("tcp_echo_server.py"));
    let address = server.address().to_string();
    let client =
        Program::start(lesson("tcp_echo_client").arg(address)).finish();
    assert_eq!(client.stdout, "Eco recebido: Ola, mundo\n");
    let server = server.finish();
    assert!(server.status.success(), "{server:?}");
    assert!(server.stdout.contains("\nRecebido: Ola, mundo\n"));
}
