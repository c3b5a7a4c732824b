//! The subscriber: prefixes, odd messages, and a publisher that comes and goes.

use testkit::endpoints::{FREE_PORT, Ipc, refused};
use testkit::{DEADLINE, Program, lesson, peer};

const TOPIC: &str = "myhome/livingroom/temperature";

/// A publisher in the test's hands, once the lesson has subscribed to all of
/// the prefixes.
fn subscribed(prefixes: &[&str]) -> (zmq::Socket, Program) {
    let socket = zmq::Context::new().socket(zmq::XPUB).expect("a socket");
    socket
        .set_rcvtimeo(DEADLINE.as_millis() as i32)
        .expect("a time limit");
    socket.set_linger(0).expect("no linger");
    socket.bind("tcp://127.0.0.1:*").expect("bind");
    let endpoint = socket.get_last_endpoint().expect("an endpoint");
    let subscriber = Program::start(
        lesson("zmq_subscriber")
            .arg(endpoint.expect("text"))
            .args(prefixes),
    );
    for _ in 0..prefixes.len().max(1) {
        socket.recv_bytes(0).expect("a subscription");
    }
    (socket, subscriber)
}

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

#[test]
fn python_publisher_over_tcp_and_ipc() {
    let ipc = Ipc::new();
    for endpoint in ["tcp://127.0.0.1:*".to_string(), ipc.endpoint()] {
        let python = Program::start(peer("zmq_publisher.py").arg(&endpoint));
        let endpoint = python.endpoint_in_line(1);
        let subscriber =
            Program::start(lesson("zmq_subscriber").arg(&endpoint));
        let lines = subscriber.wait_for_lines(11);
        assert_eq!(lines[0], format!("Subscrito a '{TOPIC}'"));
        for (number, line) in lines[1..].iter().enumerate() {
            let expected = format!("Tópico: {TOPIC} | Mensagem: 2{number}.50");
            assert_eq!(*line, expected);
        }
        let python = python.finish();
        assert!(python.stdout.contains(TOPIC), "{python:?}");
    }
}

#[test]
fn only_what_begins_with_a_prefix() {
    let (publisher, subscriber) = subscribed(&["casa/sala", "casa/co"]);
    for topic in ["casa", "casa/sala/x", "casa/quarto", "casa/cozinha", "fim"] {
        publisher.send_multipart([topic, "1"], 0).expect("publish");
    }
    publisher
        .send_multipart(["casa/sala", "2"], 0)
        .expect("publish");
    assert_eq!(
        subscriber.wait_for_lines(5),
        [
            "Subscrito a 'casa/sala'",
            "Subscrito a 'casa/co'",
            "Tópico: casa/sala/x | Mensagem: 1",
            "Tópico: casa/cozinha | Mensagem: 1",
            "Tópico: casa/sala | Mensagem: 2",
        ]
    );
}

#[test]
fn messages_with_other_parts_than_expected() {
    let (publisher, subscriber) = subscribed(&[""]);
    let messages: [&[&[u8]]; 6] = [
        &[b""],
        &[b"so o topico"],
        &[b"\xff", b"\xfe\0"],
        &[b"t", b"1", b"banana"],
        &[b"t", b"2", b"7", b"mais", b""],
        &[b"t", b"3", b"0"],
    ];
    for message in messages {
        publisher.send_multipart(message, 0).expect("publish");
    }
    assert_eq!(
        subscriber.wait_for_lines(7)[1..],
        [
            "Tópico:  | Mensagem:",
            "Tópico: so o topico | Mensagem:",
            "Tópico: \u{fffd} | Mensagem: \u{fffd}\0",
            "Tópico: t | Mensagem: 1 | banana",
            "Tópico: t | Mensagem: 2 | 7 | mais |",
            "Tópico: t | Mensagem: 3 | 0",
        ]
    );
}

/// The publisher is killed and comes back on the same endpoint.
#[test]
fn publisher_that_comes_back() {
    let ipc = Ipc::new();
    for endpoint in [FREE_PORT.to_string(), ipc.endpoint()] {
        let start = |endpoint: &str| {
            Program::start(lesson("zmq_publisher").arg(endpoint))
        };
        let mut first = start(&endpoint);
        let endpoint = first.endpoint_in_line(1);
        let subscriber =
            Program::start(lesson("zmq_subscriber").arg(&endpoint));
        subscriber.wait_for("Mensagem: ");
        first.kill();
        let seen = subscriber.output().lines().count();
        let _again = start(&endpoint);
        subscriber.wait_for_lines(seen + 2);
    }
}

#[test]
fn endpoint_refused() {
    refused(
        "zmq_subscriber",
        false,
        "«ENDPOINT» não serve ([..]). Um exemplo: tcp://127.0.0.1:5555",
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c() {
    let (_publisher, subscriber) = subscribed(&[]);
    testkit::endpoints::ends_with_ctrl_c(subscriber);
}
