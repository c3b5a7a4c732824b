//! The REP server: messages of every kind, from peers of every kind.

use std::io::{Read, Write};

use testkit::endpoints::{FREE_PORT, Ipc, refused};
use testkit::{DEADLINE, Program, connect, lesson, peer};

fn server(endpoint: &str) -> (Program, String) {
    let server = Program::start(lesson("zmq_rep_server").arg(endpoint));
    let endpoint = server.endpoint_in_line(1);
    (server, endpoint)
}

/// A client's socket, with a time limit.
fn socket(kind: zmq::SocketType, endpoint: &str) -> zmq::Socket {
    let socket = zmq::Context::new().socket(kind).expect("a socket");
    socket.set_linger(0).expect("no linger");
    socket
        .set_rcvtimeo(DEADLINE.as_millis() as i32)
        .expect("a time limit");
    socket.connect(endpoint).expect("connect");
    socket
}

fn assert_echo(client: &zmq::Socket, message: &[Vec<u8>]) {
    client.send_multipart(message, 0).expect("send");
    let echo = client.recv_multipart(0).expect("the echo");
    assert!(echo == message, "the echo differs");
}

fn assert_serves(endpoint: &str) {
    assert_echo(&socket(zmq::REQ, endpoint), &["ainda aqui".into()]);
}

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

#[test]
fn python_client_over_tcp_and_ipc() {
    let ipc = Ipc::new();
    for endpoint in [FREE_PORT.to_string(), ipc.endpoint()] {
        let (server, endpoint) = server(&endpoint);
        let python = Program::start(
            peer("zmq_req_client.py").args([&endpoint, "Olá", "", "duas"]),
        )
        .finish();
        assert_eq!(python.stdout, "Eco recebido: Olá |  | duas\n");
        server.wait_for("\nRecebido: Olá |  | duas\n");
    }
}

#[test]
fn any_free_port_also_with_an_asterisk() {
    let (_server, endpoint) = server("tcp://127.0.0.1:*");
    assert_serves(&endpoint);
}

#[test]
fn empty_multipart_and_invalid_utf8() {
    let (server, endpoint) = server(FREE_PORT);
    let client = socket(zmq::REQ, &endpoint);
    assert_echo(&client, &[vec![]]);
    assert_echo(&client, &[vec![], vec![], vec![]]);
    assert_echo(&client, &[b"\xff\xfe\x00\xc3".to_vec(), b"!".to_vec()]);
    assert_echo(&client, &vec![b"parte".to_vec(); 1000]);
    server.wait_for("\nRecebido: \u{fffd}\u{fffd}\0\u{fffd} | !\n");
}

#[test]
fn largest_message_whole_and_none_larger() {
    let (server, endpoint) = server(FREE_PORT);
    let largest: Vec<u8> =
        (0..64 << 20).map(|i: u32| (i % 251) as u8).collect();
    assert_echo(&socket(zmq::REQ, &endpoint), &[largest]);
    let before = server.memory();

    let client = socket(zmq::REQ, &endpoint);
    client.set_rcvtimeo(300).expect("a time limit");
    client.send(vec![0; (64 << 20) + 1], 0).expect("send");
    assert_eq!(client.recv_bytes(0), Err(zmq::Error::EAGAIN));
    assert_serves(&endpoint);
    server.assert_grown_by_less_than(32 << 20, before);
    // And of the large one it has shown only the beginning.
    assert!(server.output().len() < 1000);
}

#[test]
fn hundred_clients_at_once() {
    let (_server, endpoint) = server(FREE_PORT);
    let clients: Vec<_> =
        (0..100).map(|_| socket(zmq::REQ, &endpoint)).collect();
    for (index, client) in clients.iter().enumerate() {
        client.send(&format!("cliente {index}"), 0).expect("send");
    }
    for (index, client) in clients.iter().enumerate() {
        let echo = client.recv_bytes(0).expect("an echo for each");
        assert_eq!(echo, format!("cliente {index}").as_bytes());
    }
}

#[test]
fn clients_that_leave_before_the_answer() {
    let (_server, endpoint) = server(FREE_PORT);
    for _ in 0..50 {
        let client = socket(zmq::REQ, &endpoint);
        client.set_linger(100).expect("time to send");
        client.send("adeus", 0).expect("send");
    }
    assert_serves(&endpoint);
}

#[test]
fn sockets_of_the_wrong_kind_and_malformed_requests() {
    let (_server, endpoint) = server(FREE_PORT);
    // A DEALER has to put the empty part itself that stands before a request.
    let dealer = socket(zmq::DEALER, &endpoint);
    dealer.send("sem envelope", 0).expect("send");
    dealer.send_multipart(["", "com"], 0).expect("send");
    let echo = dealer.recv_multipart(0).expect("the echo");
    assert_eq!(echo, [b"".to_vec(), b"com".to_vec()]);

    let push = socket(zmq::PUSH, &endpoint);
    push.send("não é comigo", zmq::DONTWAIT).ok();
    assert_serves(&endpoint);
}

#[test]
fn garbage_on_the_tcp_port() {
    let (server, endpoint) = server(FREE_PORT);
    let before = server.memory();
    let bystander = socket(zmq::REQ, &endpoint);
    assert_echo(&bystander, &["antes".into()]);

    // The greeting of ZMTP 3.0, without security.
    let mut greeting = [0; 64];
    greeting[..12].copy_from_slice(b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\0");
    greeting[12..16].copy_from_slice(b"NULL");
    let ready = b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03REQ";
    let garbage: [&[&[u8]]; 6] = [
        &[],
        &[b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
        &[&[0xff; 4096]],
        &[&greeting[..20]],
        &[&greeting, &[0x55; 4096]],
        // A frame of 2^62 bytes.
        &[&greeting, ready, b"\x02\x40\0\0\0\0\0\0\0x"],
    ];
    let mut left_open = Vec::new();
    for pieces in garbage {
        let mut stream = connect(server.address());
        for piece in pieces {
            // The server may hang up in the middle.
            let _ = stream.write_all(piece);
        }
        left_open.push(stream);
    }
    assert_echo(&bystander, &["depois".into()]);
    assert_serves(&endpoint);

    // The one that announced too much is cut off.
    let mut last = left_open.pop().expect("a stream");
    let _ = last.read_to_end(&mut Vec::new());
    server.assert_grown_by_less_than(8 << 20, before);
    assert_eq!(server.errors(), "");
}

#[test]
fn starts_again_at_once_on_its_endpoint() {
    let ipc = Ipc::new();
    for endpoint in [FREE_PORT.to_string(), ipc.endpoint()] {
        let (mut first, endpoint) = server(&endpoint);
        let client = socket(zmq::REQ, &endpoint);
        assert_echo(&client, &["antes".into()]);
        first.kill();
        let (_again, same) = server(&endpoint);
        assert_eq!(same, endpoint);
        assert_echo(&client, &["depois".into()]);
    }
}

#[test]
fn endpoint_refused() {
    refused(
        "zmq_rep_server",
        true,
        "Não foi possível escutar em ENDPOINT ([..]). Escolha outro: cargo run \
         -p zmq_rep_server -- tcp://127.0.0.1:5565",
    );
}

/// Ends at once: idle, and with a client that asks and never reads.
#[cfg(unix)]
#[test]
fn ctrl_c() {
    let (idle, _) = server(FREE_PORT);
    testkit::endpoints::ends_with_ctrl_c(idle);

    let (busy, endpoint) = server(FREE_PORT);
    let deaf = socket(zmq::DEALER, &endpoint);
    deaf.set_rcvhwm(1).expect("a short queue");
    for _ in 0..20 {
        let message = [vec![], vec![b'x'; 1 << 20]];
        deaf.send_multipart(message, 0).expect("send");
    }
    busy.wait_for("Recebido");
    testkit::endpoints::ends_with_ctrl_c(busy);
}
