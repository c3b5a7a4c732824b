//! What each level promises, with both brokers, cut at each of its packets.

use std::io::Write;
use std::net::TcpListener;

use testkit::mqtt::{Broker, Kind, accept, packet, read_packet};
use testkit::{Program, lesson, unused_address};

testkit::mqtt_broker_tests!(
    one_copy_where_nothing_fails
    at_most_once
    at_least_once
    exactly_once
    many_at_once
);

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

/// What the program prints at this level.
fn copies(url: &str, qos: &str) -> String {
    let mut command = lesson("mqtt_qos");
    let finished = Program::start(command.args([url, qos])).finish();
    assert!(finished.status.success(), "{finished:?}");
    assert_eq!(finished.stderr, "");
    let lines: Vec<&str> = finished.stdout.lines().collect();
    let [publishing, copies] = lines[..] else {
        panic!("{finished:?}");
    };
    assert_eq!(publishing, format!("A publicar com QoS {qos}"));
    copies.to_string()
}

/// The same through the lesson's relay, which cuts at this packet.
fn copies_with_a_cut(broker: &Broker, qos: &str, packet: &str) -> String {
    let mut command = lesson("mqtt_packets");
    command.args(["127.0.0.1:0", &broker.url(), packet]);
    let relay = Program::start(&mut command);
    let url = format!("mqtt://{}", relay.address());
    let copies = copies(&url, qos);
    relay.wait_for_error("cortada antes deste pacote passar");
    copies
}

fn one_copy_where_nothing_fails(broker: Broker) {
    for qos in ["0", "1", "2"] {
        assert_eq!(copies(&broker.url(), qos), "Cópias recebidas: 1");
    }
}

fn at_most_once(broker: Broker) {
    let copies = copies_with_a_cut(&broker, "0", "PUBLISH");
    assert_eq!(copies, "Cópias recebidas: 0");
}

fn at_least_once(broker: Broker) {
    let copies = |packet| copies_with_a_cut(&broker, "1", packet);
    assert_eq!(copies("PUBLISH"), "Cópias recebidas: 1");
    assert_eq!(copies("PUBACK"), "Cópias recebidas: 2");
}

fn exactly_once(broker: Broker) {
    for packet in ["PUBLISH", "PUBREC", "PUBREL", "PUBCOMP"] {
        let copies = copies_with_a_cut(&broker, "2", packet);
        assert_eq!(copies, "Cópias recebidas: 1", "cut at {packet}");
    }
}

/// A class with one broker: nobody counts another's messages.
fn many_at_once(broker: Broker) {
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                let copies = copies(&broker.url(), "1");
                assert_eq!(copies, "Cópias recebidas: 1");
            });
        }
    });
}

#[test]
fn level_that_is_none() {
    for wrong in ["3", "-1", "banana", ""] {
        Program::start(lesson("mqtt_qos").arg(wrong))
            .finish()
            .assert_fails_with(&format!(
                "«{wrong}» não é um nível de QoS: há o 0, o 1 e o 2."
            ));
    }
}

#[test]
fn nobody_listens() {
    let (address, _streams) = unused_address();
    let url = format!("mqtt://{address}");
    let finished =
        Program::start(lesson("mqtt_qos").args([&url, "0"])).finish();
    assert_eq!(finished.status.code(), Some(1), "{finished:?}");
    assert_eq!(finished.stdout, "A publicar com QoS 0\n");
    let start = format!("Não foi possível ligar a {url} (");
    assert!(finished.stderr.starts_with(&start), "{finished:?}");
}

/// The broker hangs up on the one that counts: that is not a copy, and there
/// is nothing to wait for.
#[test]
fn broker_that_goes_away() {
    let broker = TcpListener::bind("127.0.0.1:0").expect("listen");
    let url = format!("mqtt://{}", broker.local_addr().expect("an address"));
    let program = Program::start(lesson("mqtt_qos").args([&url, "0"]));
    let (mut receiver, _) = accept(&broker);
    receiver
        .write_all(&[packet::CONNACK, 2, 0, 0])
        .expect("accept");
    let subscribe = read_packet(&mut receiver).expect("a subscription").body;
    let granted = [packet::SUBACK, 3, subscribe[0], subscribe[1], 0];
    receiver.write_all(&granted).expect("grant");
    let (mut publisher, _) = accept(&broker);
    publisher
        .write_all(&[packet::CONNACK, 2, 0, 0])
        .expect("accept");
    read_packet(&mut publisher).expect("the message");
    drop((receiver, broker));
    let finished = program.finish();
    assert_eq!(finished.status.code(), Some(1), "{finished:?}");
    assert!(!finished.stdout.contains("Cópias"), "{finished:?}");
    assert!(finished.stderr.contains(&url), "{finished:?}");
}

/// A packet that no level of QoS repeats: it gives up, and says so.
#[test]
fn cut_before_the_subscription() {
    let broker = Broker::start(Kind::Lesson);
    let mut command = lesson("mqtt_packets");
    command.args(["127.0.0.1:0", &broker.url(), "SUBACK"]);
    let relay = Program::start(&mut command);
    let url = format!("mqtt://{}", relay.address());
    let program = Program::start(lesson("mqtt_qos").args([&url, "1"]));
    let finished = program.finish();
    assert_eq!(finished.status.code(), Some(1), "{finished:?}");
    assert!(finished.stderr.contains(&url), "{finished:?}");
}
