//! The publisher: who gets what, and what a bad subscriber costs.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use testkit::endpoints::{FREE_PORT, Ipc, refused};
use testkit::{DEADLINE, Program, connect, lesson, peer};

const TOPIC: &str = "myhome/livingroom/temperature";

fn publisher(endpoint: &str) -> (Program, String) {
    let publisher = Program::start(lesson("zmq_publisher").arg(endpoint));
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
        let (_publisher, endpoint) = publisher(&endpoint);
        let python = Program::start(
            peer("zmq_subscriber.py").args([&endpoint, "myhome/liv"]),
        )
        .finish();
        assert!(python.status.success(), "{python:?}");
        let start = format!("Tópico: {TOPIC} | Mensagem: 2");
        let numbers: Vec<u64> = python
            .stdout
            .lines()
            .map(|line| {
                assert!(line.starts_with(&start), "{line}");
                let number = line.rsplit(" | ").next().expect("a number");
                number.parse().expect("a number")
            })
            .collect();
        assert_eq!(numbers.len(), 2, "{python:?}");
        assert_eq!(numbers[1], numbers[0] + 1);
    }
}

/// The slow joiner: the subscriber was there before the publisher, which does
/// not wait for it. After that it misses nothing.
#[test]
fn subscriber_misses_the_first_message_and_no_other() {
    let ipc = Ipc::new();
    let early = subscriber(&ipc.endpoint(), TOPIC);
    let (publisher, _) = publisher(&ipc.endpoint());
    let first = next_number(&early);
    assert!(first >= 1, "nothing was lost");
    // The endpoint's line, and those of all numbers up to this one.
    publisher.wait_for_lines(first as usize + 2);
    for expected in first + 1..first + 3 {
        assert_eq!(next_number(&early), expected);
    }
}

#[test]
fn what_nobody_subscribed_to_is_not_sent() {
    let (_publisher, endpoint) = publisher(FREE_PORT);
    let other = subscriber(&endpoint, "myhome/kitchen");
    let socket = subscriber(&endpoint, "m");
    next_number(&socket);
    next_number(&socket);
    assert_eq!(other.recv_bytes(zmq::DONTWAIT), Err(zmq::Error::EAGAIN));
}

/// What a bad peer sends, or that it reads nothing, is nobody else's trouble.
#[test]
fn garbage_on_the_tcp_port_and_a_subscriber_that_never_reads() {
    let (publisher, endpoint) = publisher(FREE_PORT);
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
    let _silent = subscriber(&endpoint, "");
    let other = subscriber(&endpoint, TOPIC);
    let first = next_number(&other);
    assert_eq!(next_number(&other), first + 1);
    assert_eq!(publisher.errors(), "");
}

#[test]
fn endpoint_refused() {
    refused(
        "zmq_publisher",
        true,
        "Não foi possível escutar em ENDPOINT ([..]). Escolha outro: cargo run \
         -p zmq_publisher -- tcp://127.0.0.1:5565",
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c() {
    let (publisher, _) = publisher(FREE_PORT);
    publisher.wait_for("A publicar");
    testkit::endpoints::ends_with_ctrl_c(publisher);
}

/// `| head -1`: it does not go on publishing what nobody sees it say.
#[test]
fn ends_when_it_can_no_longer_print() {
    let mut publisher = lesson("zmq_publisher")
        .arg(FREE_PORT)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("start it");
    let stdout = publisher.stdout.take().expect("its output");
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    assert!(line.starts_with("Publisher a escutar em "), "{line}");

    let start = Instant::now();
    while publisher.try_wait().expect("its status").is_none() {
        if start.elapsed() > DEADLINE {
            publisher.kill().expect("end it");
            panic!("it goes on");
        }
        thread::sleep(Duration::from_millis(10));
    }
    assert!(!publisher.wait().expect("its status").success());
}
