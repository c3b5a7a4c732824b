//! The publisher: who gets what, and what a bad subscriber costs.

use std::io::Write;

use testkit::endpoints::{FREE_PORT, Ipc, refused};
use testkit::{DEADLINE, PATIENCE, Program, connect, lesson, peer};

const TOPIC: &str = "myhome/livingroom/temperature";

/// The publisher with these arguments after its endpoint.
fn publisher(endpoint: &str, numbers: &[&str]) -> (Program, String) {
    let publisher =
        Program::start(lesson("zmq_publisher").arg(endpoint).args(numbers));
    let endpoint = publisher.endpoint_in_line(1);
    (publisher, endpoint)
}

fn subscriber(endpoint: &str, prefix: &str) -> zmq::Socket {
    let socket = zmq::Context::new().socket(zmq::SUB).expect("a socket");
    socket
        .set_rcvtimeo(DEADLINE.as_millis() as i32)
        .expect("a time limit");
    socket.set_subscribe(prefix.as_bytes()).expect("subscribe");
    socket.connect(endpoint).expect("connect");
    socket
}

/// The number of the next message, which must be one of the publisher's.
fn next_number(socket: &zmq::Socket) -> u64 {
    let message = socket.recv_multipart(0).expect("a message");
    let text: Vec<&str> = message
        .iter()
        .map(|part| str::from_utf8(part).expect("text"))
        .collect();
    let [topic, temperature, number] = text[..] else {
        panic!("three parts: {text:?}");
    };
    assert_eq!(topic, TOPIC);
    assert_eq!(temperature.len(), 5, "two decimals: {temperature}");
    let temperature: f64 = temperature.parse().expect("a decimal number");
    assert!((20.0..=25.0).contains(&temperature));
    number.parse().expect("a number")
}

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

#[test]
fn python_subscriber_over_tcp_and_ipc() {
    let ipc = Ipc::new();
    for endpoint in [FREE_PORT.to_string(), ipc.endpoint()] {
        let (publisher, endpoint) = publisher(&endpoint, &["1", "50"]);
        let python = Program::start(
            peer("zmq_subscriber.py").args([&endpoint, "myhome/liv"]),
        )
        .finish();
        assert!(python.status.success(), "{python:?}");
        let lines: Vec<&str> = python.stdout.lines().collect();
        let start = format!("Tópico: {TOPIC} | Mensagem: 2");
        assert!(lines[0].starts_with(&start), "{lines:?}");
        assert!(lines[0].ends_with(" | 0"), "{lines:?}");
        assert!(lines[1].ends_with(" | 1"), "{lines:?}");
        publisher.wait_for("\nNova subscrição: 'myhome/liv'\n");
    }
}

/// The slow joiner solved: nothing is published before somebody listens.
#[test]
fn first_subscriber_misses_nothing() {
    let (publisher, endpoint) = publisher(FREE_PORT, &["1", "10"]);
    std::thread::sleep(PATIENCE);
    assert!(!publisher.output().contains("A publicar"));
    let socket = subscriber(&endpoint, TOPIC);
    for expected in 0..20 {
        assert_eq!(next_number(&socket), expected);
    }
}

#[test]
fn waits_for_as_many_subscriptions_as_it_is_told() {
    let (publisher, endpoint) = publisher(FREE_PORT, &["2", "10"]);
    let first = subscriber(&endpoint, "");
    publisher.wait_for("Nova subscrição: ''\n");
    std::thread::sleep(PATIENCE);
    assert!(!publisher.output().contains("A publicar"));
    let second = subscriber(&endpoint, "");
    assert_eq!([next_number(&first), next_number(&second)], [0, 0]);
}

/// The slow joiner shown: the subscriber was there before, and yet.
#[test]
fn without_waiting_the_first_messages_are_lost() {
    let ipc = Ipc::new();
    let subscriber =
        Program::start(lesson("zmq_subscriber").arg(ipc.endpoint()));
    subscriber.wait_for_lines(1);
    let (_publisher, _) = publisher(&ipc.endpoint(), &["0", "10"]);
    subscriber.wait_for("Mensagem: ");
    let lines = subscriber.wait_for_lines(3);
    let lost: u64 = lines[1]
        .strip_prefix("Perdidas: ")
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("«Perdidas» first: {lines:?}"));
    assert!(lost >= 1);
}

#[test]
fn what_nobody_subscribed_to_is_not_sent() {
    let (publisher, endpoint) = publisher(FREE_PORT, &["1", "10"]);
    let other = subscriber(&endpoint, "myhome/kitchen");
    publisher.wait_for("A publicar");
    let socket = subscriber(&endpoint, "m");
    next_number(&socket);
    assert_eq!(other.recv_bytes(zmq::DONTWAIT), Err(zmq::Error::EAGAIN));
}

/// High-water mark: a subscriber that does not read loses messages; the
/// publisher keeps no more for it, and another one is served meanwhile.
#[test]
fn slow_subscriber_loses_messages_and_costs_nothing() {
    let (publisher, endpoint) = publisher(FREE_PORT, &["2", "0"]);
    let slow = zmq::Context::new().socket(zmq::SUB).expect("a socket");
    slow.set_rcvtimeo(DEADLINE.as_millis() as i32)
        .expect("a limit");
    slow.set_rcvhwm(1).expect("a short queue");
    slow.set_rcvbuf(4096).expect("a small buffer");
    slow.set_subscribe(b"").expect("subscribe");
    slow.connect(&endpoint).expect("connect");
    publisher.wait_for("Nova subscrição: ''\n");
    let before = publisher.memory();

    let other = subscriber(&endpoint, TOPIC);
    while next_number(&other) < 100_000 {}
    if let (Some(before), Some(after)) = (before, publisher.memory()) {
        let grown = after.saturating_sub(before);
        assert!(grown < 8 << 20, "{grown} bytes more for a slow subscriber");
    }

    // What it reads now is old, and then there is a gap.
    let mut expected = 0;
    while next_number(&slow) == expected {
        expected += 1;
        assert!(expected < 100_000, "nothing was lost");
    }
}

#[test]
fn garbage_on_the_tcp_port() {
    let (publisher, endpoint) = publisher(FREE_PORT, &["1", "10"]);
    let mut open = Vec::new();
    for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 4096], &[]] {
        let mut stream = connect(publisher.address());
        let _ = stream.write_all(garbage); // it may hang up in the middle
        open.push(stream);
    }
    // An XSUB can send what is no subscription.
    let xsub = zmq::Context::new().socket(zmq::XSUB).expect("a socket");
    xsub.connect(&endpoint).expect("connect");
    for message in [&b""[..], b"\x07banana", b"\x00unknown", b"\x01\xff"] {
        xsub.send(message, 0).expect("send");
    }
    publisher.wait_for("Nova subscrição: '\u{fffd}'\n");
    next_number(&subscriber(&endpoint, TOPIC));
    assert_eq!(publisher.errors(), "");
}

#[test]
fn endpoint_refused() {
    refused(
        "zmq_publisher",
        true,
        "Não foi possível escutar em ENDPOINT: a porta está ocupada ou o \
         endereço não serve ([..]). Escolha outro: cargo run -p \
         zmq_publisher -- tcp://127.0.0.1:5565",
    );
}

#[test]
fn numbers_refused() {
    for wrong in [&["banana"][..], &["-1"], &["1", "x"], &["1", "2", "3"]] {
        Program::start(lesson("zmq_publisher").arg(FREE_PORT).args(wrong))
            .finish()
            .assert_fails_with(
                "Por quantas subscrições esperar, e quantos milissegundos \
                 entre mensagens? Um exemplo: cargo run -p zmq_publisher -- \
                 1 500",
            );
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c() {
    use testkit::endpoints::ends_with_ctrl_c;

    let (waiting, _) = publisher(FREE_PORT, &[]);
    assert!(ends_with_ctrl_c(waiting).ends_with("\nPublicação parada\n"));

    let (flooding, _) = publisher(FREE_PORT, &["0", "0"]);
    flooding.wait_for("A publicar");
    assert!(ends_with_ctrl_c(flooding).ends_with("\nPublicação parada\n"));
}
