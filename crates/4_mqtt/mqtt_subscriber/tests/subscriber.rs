//! The subscriber with Python's paho at the other end, both brokers, and
//! brokers that are worse.

use std::io::Write;
use std::net::TcpListener;
use std::time::Duration;

use testkit::mqtt::{
    Broker, Client, Kind, accept, encode, packet, publish_body, read_packet,
};
use testkit::{Program, lesson, peer, unused_address};

const TOPIC: &str = "myhome/livingroom/temperature";
const READY: &str = "Subscrito a 'myhome/livingroom/temperature'\n";

testkit::mqtt_broker_tests!(
    python_publisher
    comes_back_after_the_broker
    both_programs_come_back
    loses_nothing_of_a_burst
    any_payload
    ends_beside_its_broker
);

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

fn start(url: &str) -> Program {
    Program::start(lesson("mqtt_subscriber").arg(url))
}

fn started(broker: &Broker) -> Program {
    let subscriber = start(&broker.url());
    subscriber.wait_for(READY);
    broker.wait_for_subscriptions(1);
    subscriber
}

fn python_publisher(broker: Broker) {
    let mut subscriber = started(&broker);
    let temperatures = ["21.3", "24.23", "20.0", "25"];
    let python = Program::start(
        peer("mqtt_publisher.py")
            .arg(broker.address().to_string())
            .args(temperatures),
    );
    assert!(python.finish().status.success());
    subscriber.wait_for_lines(6);
    subscriber.interrupt();
    let finished = subscriber.finish_within(Duration::from_secs(5));
    let mut expected = format!("Ligado com o código de resultado 0\n{READY}");
    for temperature in temperatures {
        expected += &format!("Tópico: {TOPIC} | Mensagem: {temperature}\n");
    }
    assert_eq!(finished.stdout, expected);
    if cfg!(unix) {
        assert_eq!(finished.status.code(), Some(0), "{finished:?}");
        assert_eq!(finished.stderr, "");
    }
}

fn comes_back_after_the_broker(mut broker: Broker) {
    let subscriber = started(&broker);
    for round in 1..=2 {
        broker.kill();
        subscriber.wait_for_error(&"Ligação perdida.\n".repeat(round));
        broker.restart();
        subscriber.wait_for_lines(3 * round + 1);
        broker.wait_for_subscriptions(1);
        Client::new(broker.address()).publish(TOPIC, &format!("{round}"), 0);
        subscriber.wait_for(&format!("Mensagem: {round}\n"));
    }
    let again = format!("Ligado com o código de resultado 0\n{READY}");
    assert_eq!(subscriber.output().matches(&again).count(), 3);
}

/// The pair of the slides finds itself again.
fn both_programs_come_back(mut broker: Broker) {
    let subscriber = started(&broker);
    let publisher = Program::start(lesson("mqtt_publisher").arg(broker.url()));
    subscriber.wait_for("Mensagem");
    broker.kill();
    subscriber.wait_for_error("Ligação perdida");
    publisher.wait_for_error("Ligação perdida");
    let before = subscriber.output();
    broker.restart();
    let lines = subscriber.wait_for_lines(before.lines().count() + 4);
    assert!(
        lines
            .last()
            .is_some_and(|line| line.contains("Mensagem: 2"))
    );
}

/// More at once than any queue with a limit would hold. (Mosquitto's own
/// limit is 1000 for those that it has not sent yet.)
fn loses_nothing_of_a_burst(broker: Broker) {
    let subscriber = started(&broker);
    let mut publisher = Client::new(broker.address());
    for group in 0..10 {
        for number in 0..1000 {
            publisher.publish(TOPIC, &format!("{}", group * 1000 + number), 0);
        }
        subscriber.wait_for(&format!("Mensagem: {}\n", group * 1000 + 999));
    }
    let output = subscriber.output();
    let received = output.lines().skip(2);
    for (number, line) in received.enumerate() {
        let expected = format!("Tópico: {TOPIC} | Mensagem: {number}");
        assert_eq!(line, expected);
    }
}

/// Not text, nothing at all, and a great deal.
fn any_payload(broker: Broker) {
    let subscriber = started(&broker);
    let mut publisher = Client::new(broker.address());
    let mut body = publish_body(0, 0, TOPIC, "");
    body.extend(b"\xff\x00\xc3\x28");
    publisher.send(packet::PUBLISH, &body);
    subscriber.wait_for("| Mensagem: \u{fffd}\0\u{fffd}(\n");
    publisher.publish(TOPIC, "", 1);
    subscriber.wait_for("| Mensagem: \n");
    publisher.publish(TOPIC, &"x".repeat(1_000_000), 2);
    publisher.publish(TOPIC, "temperatura: 20 °C", 0);
    subscriber.wait_for("xxx\n");
    subscriber.wait_for("| Mensagem: temperatura: 20 °C\n");
}

/// A broker in the test's hands: it has read the CONNECT and accepted it.
fn accepted() -> (TcpListener, Program, std::net::TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let address = listener.local_addr().expect("an address");
    let subscriber = start(&format!("mqtt://{address}"));
    let (mut stream, connect) = accept(&listener);
    assert_eq!(connect.body, b"\x00\x04MQTT\x04\x02\x00\x3c\x00\x00");
    stream
        .write_all(&[packet::CONNACK, 2, 0, 0])
        .expect("accept");
    let subscribe = read_packet(&mut stream).expect("a subscription");
    assert_eq!(subscribe.first, packet::SUBSCRIBE);
    assert_eq!(subscribe.body[4..33], *TOPIC.as_bytes());
    assert_eq!(subscribe.body[33], 0, "QoS 0");
    (listener, subscriber, stream)
}

/// The first message can come in one piece with the answer.
#[cfg(unix)]
#[test]
fn message_with_the_answer_and_a_polite_end() {
    let (_listener, mut subscriber, mut stream) = accepted();
    let mut bytes = encode(packet::SUBACK, &[0, 1, 0]);
    let body = publish_body(0, 0, TOPIC, "20.00");
    bytes.extend(encode(packet::PUBLISH, &body));
    stream.write_all(&bytes).expect("send");
    subscriber.wait_for("Mensagem: 20.00\n");
    subscriber.interrupt();
    let goodbye = read_packet(&mut stream).expect("a goodbye");
    assert_eq!(goodbye.first, packet::DISCONNECT);
    assert_eq!(subscriber.finish().status.code(), Some(0));
}

fn ends_beside_its_broker(broker: Broker) {
    testkit::mqtt::ends_beside_its_broker(broker, |url| {
        let subscriber = start(url);
        subscriber.wait_for(READY);
        subscriber
    });
}

#[test]
fn broker_that_hangs_up() {
    testkit::mqtt::knocks_about_once_a_second(start);
}

#[cfg(unix)]
#[test]
fn second_ctrl_c_ends_it_at_once() {
    testkit::mqtt::ends_at_a_second_ctrl_c(start, READY);
}

#[test]
fn closed_output() {
    let broker = Broker::start(Kind::Lesson);
    let mut command = lesson("mqtt_subscriber");
    testkit::ends_when_cut_short(command.arg(broker.url()), |_| {
        broker.wait_for_subscriptions(1);
        Client::new(broker.address()).publish(TOPIC, "20.00", 0);
    });
}

/// The connection goes again while the subscription is on its way: the
/// program comes back all the same.
#[test]
fn cut_while_subscribing_again() {
    let (listener, subscriber, mut stream) = accepted();
    stream
        .write_all(&encode(packet::SUBACK, &[0, 1, 0]))
        .expect("accept");
    subscriber.wait_for(READY);
    drop(stream);
    for _ in 0..2 {
        let (mut stream, _) = accept(&listener);
        stream
            .write_all(&[packet::CONNACK, 2, 0, 0])
            .expect("accept");
        read_packet(&mut stream).expect("a subscription");
    }
    let (mut stream, _) = accept(&listener);
    stream
        .write_all(&[packet::CONNACK, 2, 0, 0])
        .expect("accept");
    let again = read_packet(&mut stream).expect("a subscription");
    stream
        .write_all(&encode(packet::SUBACK, &[again.body[0], again.body[1], 0]))
        .expect("accept");
    let body = publish_body(0, 0, TOPIC, "por fim");
    stream
        .write_all(&encode(packet::PUBLISH, &body))
        .expect("send");
    subscriber.wait_for("Mensagem: por fim\n");
    subscriber.wait_for_error("Ligação perdida.\n");
}

#[test]
fn nobody_listens_or_no_url() {
    let (address, _streams) = unused_address();
    for wrong in [
        format!("mqtt://{address}"),
        "mqtt://localhost:99999".to_string(),
        "banana".to_string(),
        "banana://localhost:1883".to_string(),
    ] {
        start(&wrong).finish().assert_fails_with(&format!(
            "Não foi possível ligar a {wrong} ([..]). Inicie primeiro o \
             broker, noutro terminal: cargo run -p mqtt_broker"
        ));
    }
}

#[test]
fn refused() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let url = format!("mqtt://{}", listener.local_addr().expect("an address"));
    let subscriber = start(&url);
    let (mut stream, _) = accept(&listener);
    stream
        .write_all(&[packet::CONNACK, 2, 0, 5])
        .expect("refuse");
    subscriber.finish().assert_fails_with(&format!(
        "Não foi possível ligar a {url} (ConnectReturn(NotAuthorized)). [..]"
    ));
}
