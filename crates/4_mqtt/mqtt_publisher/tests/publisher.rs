//! The publisher with Python's paho at the other end, both brokers, and
//! brokers that are worse.

use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use testkit::mqtt::{Broker, Client, Kind, accept, packet, read_packet};
use testkit::{Program, lesson, peer, unused_address};

const TOPIC: &str = "myhome/livingroom/temperature";

testkit::mqtt_broker_tests!(
    python_subscriber
    comes_back_after_the_broker
    ends_beside_its_broker
);

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

fn start(url: &str) -> Program {
    Program::start(lesson("mqtt_publisher").arg(url))
}

/// The temperatures that a publisher has said that it publishes.
fn published(output: &str) -> Vec<&str> {
    let lines = output.lines();
    lines
        .filter_map(|line| line.strip_prefix("A publicar: "))
        .collect()
}

fn assert_temperature(text: &str) {
    let value: f64 = text.parse().expect("a number");
    assert!((20.0..=25.0).contains(&value), "{text}");
    assert_eq!(text.len(), "20.00".len(), "{text}");
    assert_eq!(text.as_bytes()[2], b'.', "{text}");
}

/// What the publisher says is what Python's subscriber gets, at QoS 0 and not
/// retained; and Ctrl-C ends it politely.
fn python_subscriber(broker: Broker) {
    let address = broker.address().to_string();
    let python = Program::start(peer("mqtt_subscriber.py").arg(address));
    python.wait_for_lines(2);
    let mut publisher = start(&broker.url());
    // Three of them: two are the same once in five hundred times.
    let lines = python.wait_for_lines(5);
    publisher.interrupt();
    let finished = publisher.finish_within(Duration::from_secs(5));
    if cfg!(unix) {
        assert_eq!(finished.status.code(), Some(0), "{finished:?}");
        assert!(finished.stdout.ends_with("\nPublicação parada\n"));
        assert_eq!(finished.stderr, "");
    }
    let first = "Ligado com o código de resultado 0\nA publicar: ";
    assert!(finished.stdout.starts_with(first), "{finished:?}");

    let published = published(&finished.stdout);
    for (line, temperature) in lines[2..].iter().zip(&published) {
        assert_temperature(temperature);
        assert_eq!(
            *line,
            format!(
                "Tópico: {TOPIC} | Mensagem: {temperature} | QoS: 0 | \
                 Retida: False"
            )
        );
    }
    let different = published.iter().any(|other| *other != published[0]);
    assert!(different, "always the same temperature: {published:?}");
}

fn comes_back_after_the_broker(mut broker: Broker) {
    let publisher = start(&broker.url());
    publisher.wait_for("A publicar");
    broker.kill();
    publisher.wait_for_error("Ligação perdida.\n");
    broker.restart();
    let mut subscriber = Client::new(broker.address());
    subscriber.subscribe(TOPIC, 0);
    assert_temperature(&subscriber.receive().payload);
    publisher.wait_for("\nLigado com o código de resultado 0\nA publicar: ");
}

fn ends_beside_its_broker(broker: Broker) {
    testkit::mqtt::ends_beside_its_broker(broker, |url| {
        let publisher = start(url);
        publisher.wait_for("A publicar");
        publisher
    });
}

#[test]
fn broker_that_hangs_up() {
    testkit::mqtt::knocks_about_once_a_second(start);
}

#[cfg(unix)]
#[test]
fn second_ctrl_c_ends_it_at_once() {
    testkit::mqtt::ends_at_a_second_ctrl_c(start, "A publicar");
}

#[test]
fn closed_output() {
    let broker = Broker::start(Kind::Lesson);
    let mut command = lesson("mqtt_publisher");
    testkit::ends_when_cut_short(command.arg(broker.url()), |_| {});
}

/// On the wire: MQTT 3.1.1, a clean session with no name, a keep-alive of 60
/// seconds, and DISCONNECT at the end.
#[cfg(unix)]
#[test]
fn what_it_sends() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let address = listener.local_addr().expect("an address");
    let mut publisher = start(&format!("mqtt://{address}"));
    let (mut stream, connect) = accept(&listener);
    assert_eq!(connect.body, b"\x00\x04MQTT\x04\x02\x00\x3c\x00\x00");
    stream
        .write_all(&[packet::CONNACK, 2, 0, 0])
        .expect("accept");

    let publish = read_packet(&mut stream).expect("a temperature");
    assert_eq!(publish.first, packet::PUBLISH);
    assert_eq!(publish.body[2..31], *TOPIC.as_bytes());
    assert_eq!(publish.body.len(), 2 + 29 + 5);
    publisher.interrupt();
    let goodbye = read_packet(&mut stream).expect("a goodbye");
    assert_eq!(goodbye.first, packet::DISCONNECT);
    let finished = publisher.finish();
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
}

/// Five seconds from one to the next.
#[test]
fn interval() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let address = listener.local_addr().expect("an address");
    let _publisher = start(&format!("mqtt://{address}"));
    let (mut stream, _) = accept(&listener);
    stream
        .write_all(&[packet::CONNACK, 2, 0, 0])
        .expect("accept");
    read_packet(&mut stream).expect("a temperature");
    let start = Instant::now();
    read_packet(&mut stream).expect("another");
    let seconds = start.elapsed().as_secs_f64();
    assert!((4.9..7.0).contains(&seconds), "{seconds} s");
}

#[test]
fn nobody_listens() {
    let (address, _streams) = unused_address();
    let url = format!("mqtt://{address}");
    start(&url).finish().assert_fails_with(&format!(
        "Não foi possível ligar a {url} ([..]). Inicie primeiro o broker, \
         noutro terminal: cargo run -p mqtt_broker"
    ));
}

/// Each reason that the standard knows.
#[test]
fn refused() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let url = format!("mqtt://{}", listener.local_addr().expect("an address"));
    for code in 1..=5 {
        let publisher = start(&url);
        let (mut stream, _) = accept(&listener);
        stream
            .write_all(&[packet::CONNACK, 2, 0, code])
            .expect("refuse");
        publisher.finish().assert_fails_with(&format!(
            "Não foi possível ligar a {url} (ConnectReturn([..])). [..]"
        ));
    }
}

/// A broker that takes the connection and then says nothing.
#[test]
fn mute_broker() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let url = format!("mqtt://{}", listener.local_addr().expect("an address"));
    let publisher = start(&url);
    let _held = accept(&listener);
    publisher
        .finish_within(Duration::from_secs(15))
        .assert_fails_with(&format!(
            "Não foi possível ligar a {url} ([..]). Inicie primeiro o broker, \
             noutro terminal: cargo run -p mqtt_broker"
        ));
}
