//! The broker over real sockets, and Mosquitto with the same demands.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use testkit::mqtt::{
    Broker, Client, Hello, Kind, Message, encode, packet, publish_body, string,
};
use testkit::{Program, connect, lesson};

testkit::mqtt_broker_tests!(
    each_message_at_its_own_level
    publisher_cut_at_each_step
    subscriber_cut_at_each_step
    wildcards
    overlapping_filters
    invalid_filters
    retained_set_replaced_cleared
    will_without_goodbye_only
    persistent_session_gets_what_it_missed
    clean_session_forgets
    keep_alive
    two_hundred_publishers
    bad_clients
    takes_over_a_client_id
    messages_of_every_size
);

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

#[test]
fn port_taken_or_no_address() {
    let other = TcpListener::bind("127.0.0.1:0").expect("listen");
    let taken = other.local_addr().expect("an address").to_string();
    for wrong in [&taken, "banana", "127.0.0.1", "127.0.0.1:99999", ""] {
        Program::start(lesson("mqtt_broker").arg(wrong))
            .finish()
            .assert_fails_with(&format!(
                "Não foi possível escutar em {wrong}: a porta está ocupada, \
                 ou o endereço não serve. Escolha outro: cargo run -p \
                 mqtt_broker -- 127.0.0.1:1884"
            ));
    }
}

/// A name can have more than one address: the broker is at each.
#[test]
fn takes_a_name() {
    let server = Program::start(lesson("mqtt_broker").arg("localhost:0"));
    Client::new(server.address()).disconnect();
}

#[test]
fn says_who_comes_and_how_they_leave() {
    let server = Program::server("mqtt_broker");
    let hello = |id| Hello {
        id,
        ..Hello::default()
    };
    let mut polite = Client::with(server.address(), &hello("educado"));
    polite.subscribe("casa/#", 1);
    polite.disconnect();
    drop(Client::with(server.address(), &hello("rude")));
    assert_eq!(
        server.wait_for_lines(6)[1..],
        [
            "Cliente ligado: educado",
            "educado subscreve casa/#",
            "Cliente desligado: educado",
            "Cliente ligado: rude",
            "Cliente perdido, sem despedida: rude",
        ]
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_at_once_and_leaves_nothing_behind() {
    use std::os::unix::process::ExitStatusExt;
    let broker = Broker::start(Kind::Lesson);
    let mut client = Client::new(broker.address());
    client.publish_retained("casa/porta", "aberta", 1);

    let mut server = Program::server("mqtt_broker");
    let mut idle = Client::new(server.address());
    server.interrupt();
    let finished = server.finish_within(Duration::from_secs(2));
    assert_eq!(finished.status.signal(), Some(2), "{finished:?}");
    assert_eq!(finished.stderr, "");
    idle.wait_for_end();
    assert_eq!(broker.files(), [""; 0], "the broker wrote files");
}

#[test]
fn starts_again_at_once_on_its_port() {
    let mut broker = Broker::start(Kind::Lesson);
    let mut client = Client::new(broker.address());
    assert_eq!(client.subscribe("casa", 0), 0);
    broker.kill();
    broker.restart();
    assert_eq!(Client::new(broker.address()).subscribe("casa", 0), 0);
}

#[test]
fn closed_output() {
    testkit::ends_when_it_cannot_print("mqtt_broker", |address| {
        let mut stream = connect(address);
        let mut body = string("MQTT");
        body.extend([4, 0b10, 0, 0]);
        body.extend(string(""));
        let hello = encode(packet::CONNECT, &body);
        stream.write_all(&hello).expect("send a CONNECT");
        // Closed or reset, as soon as the broker is gone.
        let _ = stream.read(&mut [0; 16]);
    });
}

/// 200 MB of QoS 0, which one subscriber never reads: the broker keeps little
/// of it, and another subscriber gets it all.
#[test]
fn subscriber_that_never_reads() {
    const GROUPS: usize = 100;
    const GROUP: usize = 100;
    let server = Program::server("mqtt_broker");
    let mut deaf = Client::new(server.address());
    deaf.subscribe("ruido", 0);
    let mut subscriber = Client::new(server.address());
    subscriber.subscribe("ruido", 0);
    let mut publisher = Client::new(server.address());
    let before = server.memory();
    let payload = "x".repeat(20_000);
    for group in 0..GROUPS {
        for number in 0..GROUP {
            let payload = format!("{group} {number} {payload}");
            publisher.publish("ruido", &payload, 0);
        }
        for number in 0..GROUP {
            let start = format!("{group} {number} x");
            let message = subscriber.receive();
            assert!(message.payload.starts_with(&start), "not {start}");
        }
    }
    server.assert_grown_by_less_than(64 << 20, before);
}

/// A message goes at the lower of the levels of its publisher and of its
/// subscriber.
fn each_message_at_its_own_level(broker: Broker) {
    let mut publisher = Client::new(broker.address());
    for granted in 0..=2 {
        let mut subscriber = Client::new(broker.address());
        assert_eq!(subscriber.subscribe("nivel", granted), granted);
        for qos in 0..=2 {
            publisher.publish("nivel", &format!("{qos}"), qos);
            let message = subscriber.receive();
            assert_eq!(message.payload, format!("{qos}"));
            assert_eq!(message.qos, qos.min(granted));
            assert!(!message.retained && !message.repeated, "{message:?}");
        }
        assert!(subscriber.is_silent());
        subscriber.disconnect();
    }
}

/// Where a publisher's connection is cut.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cut {
    HalfPublish,
    AfterPublish,
    AfterPubrec,
    AfterPubrel,
}

/// The publisher loses its connection, comes back to its session and goes on
/// with what had not been answered, as the standard wants.
fn publisher_cut_at_each_step(broker: Broker) {
    let address = broker.address();
    let mut subscriber = Client::new(address);
    subscriber.subscribe("corte", 2);
    let cuts = [
        (1, Cut::HalfPublish),
        (1, Cut::AfterPublish),
        (2, Cut::HalfPublish),
        (2, Cut::AfterPublish),
        (2, Cut::AfterPubrec),
        (2, Cut::AfterPubrel),
    ];
    for (number, (qos, cut)) in cuts.into_iter().enumerate() {
        let id = 7;
        let payload = format!("{number}");
        let hello = Hello {
            id: &format!("publicador{number}"),
            clean_session: false,
            ..Hello::default()
        };
        let mut publisher = Client::with(address, &hello);
        if cut == Cut::HalfPublish {
            let body = publish_body(qos << 1, id, "corte", &payload);
            let bytes = encode(packet::PUBLISH | qos << 1, &body);
            let half = &bytes[..bytes.len() / 2];
            publisher.stream.write_all(half).expect("send a half");
        } else {
            publisher.send_publish(qos << 1, id, "corte", &payload);
            // Its answer shows that the broker has it; the publisher that is
            // cut after its PUBLISH has not seen it.
            let first = [packet::PUBACK, packet::PUBREC][usize::from(qos) - 1];
            publisher.expect_answer(first, id);
        }
        if cut == Cut::AfterPubrel {
            publisher.send(packet::PUBREL, &id.to_be_bytes());
            publisher.expect_answer(packet::PUBCOMP, id);
        }
        drop(publisher);

        let mut publisher = Client::with(address, &hello);
        assert!(publisher.session_present, "{cut:?} at QoS {qos}");
        if matches!(cut, Cut::HalfPublish | Cut::AfterPublish) {
            publisher.send_publish(qos << 1 | 0b1000, id, "corte", &payload);
            if qos == 1 {
                publisher.expect_answer(packet::PUBACK, id);
            } else {
                publisher.expect_answer(packet::PUBREC, id);
            }
        }
        if qos == 2 {
            publisher.send(packet::PUBREL, &id.to_be_bytes());
            publisher.expect_answer(packet::PUBCOMP, id);
        }
        publisher.disconnect();

        let copies = copies_before_end(address, &mut subscriber, &payload);
        let expected = match (qos, cut) {
            (1, Cut::AfterPublish) => 2,
            _ => 1,
        };
        assert_eq!(copies, expected, "{cut:?} at QoS {qos}");
    }
}

/// How many copies of a message come before one that is published now.
fn copies_before_end(
    address: SocketAddr,
    subscriber: &mut Client,
    payload: &str,
) -> usize {
    let mut other = Client::new(address);
    other.publish("corte", "fim", 2);
    let received = std::iter::from_fn(|| Some(subscriber.receive()))
        .take_while(|message| message.payload != "fim");
    received
        .inspect(|message| assert_eq!(message.payload, payload))
        .count()
}

/// The subscriber loses its connection, comes back to its session, and gets
/// the rest: at QoS 1 the message again, at QoS 2 exactly one message.
fn subscriber_cut_at_each_step(broker: Broker) {
    let address = broker.address();
    let mut publisher = Client::new(address);

    // Before the answer: it comes again, at both levels, and says so.
    for qos in [1, 2] {
        let hello = Hello {
            id: &format!("recetor{qos}"),
            clean_session: false,
            ..Hello::default()
        };
        let mut subscriber = Client::with(address, &hello);
        subscriber.subscribe("corte", qos);
        publisher.publish("corte", "um", qos);
        let lost = subscriber.read_publish();
        drop(subscriber);

        let mut subscriber = Client::with(address, &hello);
        assert!(subscriber.session_present);
        let again = subscriber.receive();
        let expected = Message {
            repeated: true,
            ..lost
        };
        assert_eq!(again, expected, "QoS {qos}");
        assert!(subscriber.is_silent());
        subscriber.disconnect();
        forget(address, hello.id);
    }

    // In the middle of QoS 2: the broker goes on with PUBREL.
    let hello = Hello {
        id: "recetor",
        clean_session: false,
        ..Hello::default()
    };
    let mut subscriber = Client::with(address, &hello);
    subscriber.subscribe("corte", 2);
    publisher.publish("corte", "dois", 2);
    let message = subscriber.read_publish();
    let id = message.id.to_be_bytes();
    subscriber.send(packet::PUBREC, &id);
    subscriber.expect_answer(packet::PUBREL, message.id);
    drop(subscriber);
    let mut subscriber = Client::with(address, &hello);
    subscriber.expect_answer(packet::PUBREL, message.id);
    subscriber.send(packet::PUBCOMP, &id);
    assert!(subscriber.is_silent());
    publisher.publish("corte", "três", 2);
    assert_eq!(subscriber.receive().payload, "três");
}

/// Ends a session that would otherwise gather messages.
fn forget(address: SocketAddr, id: &str) {
    let hello = Hello {
        id,
        ..Hello::default()
    };
    Client::with(address, &hello).disconnect();
}

/// Which topics pass which filter.
fn wildcards(broker: Broker) {
    let topics = ["a", "/a", "a/b", "a/b/c", "a//c", "a/b/", "$teste/a", "Á/ç"];
    let cases: [(&str, &[&str]); 12] = [
        ("a", &["a"]),
        ("+", &["a"]),
        ("/+", &["/a"]),
        ("+/+", &["/a", "a/b", "Á/ç"]),
        ("a/+", &["a/b"]),
        ("a/+/c", &["a/b/c", "a//c"]),
        ("a/b/+", &["a/b/c", "a/b/"]),
        ("a/#", &["a", "a/b", "a/b/c", "a//c", "a/b/"]),
        ("#", &["a", "/a", "a/b", "a/b/c", "a//c", "a/b/", "Á/ç"]),
        ("$teste/#", &["$teste/a"]),
        ("+/a", &["/a"]),
        ("Á/+", &["Á/ç"]),
    ];
    let mut publisher = Client::new(broker.address());
    for (filter, expected) in cases {
        let mut subscriber = Client::new(broker.address());
        assert_eq!(subscriber.subscribe(filter, 1), 1, "{filter}");
        for topic in topics {
            publisher.publish(topic, "x", 1);
        }
        subscriber.publish("fim", "", 0);
        let mut received = Vec::new();
        for _ in expected {
            received.push(subscriber.receive().topic);
        }
        assert_eq!(received, expected, "{filter}");
        subscriber.disconnect();
    }
}

/// One copy for each filter or one for all: the standard allows both, and the
/// brokers differ.
fn overlapping_filters(broker: Broker) {
    let mut subscriber = Client::new(broker.address());
    subscriber.subscribe("casa/+/luz", 0);
    subscriber.subscribe("casa/#", 1);
    let mut publisher = Client::new(broker.address());
    publisher.publish("casa/sala/luz", "acesa", 1);
    let copies = match broker.kind() {
        Kind::Lesson => 2,
        Kind::Mosquitto => 1,
    };
    for _ in 0..copies {
        assert_eq!(subscriber.receive().payload, "acesa");
    }
    assert!(subscriber.is_silent());
}

/// A filter against the rules is refused, or the connection closed; others
/// do not notice.
fn invalid_filters(broker: Broker) {
    let mut bystander = Client::new(broker.address());
    bystander.subscribe("casa", 0);
    for filter in ["a/#/b", "a#", "a/b+", "++", ""] {
        let mut client = Client::new(broker.address());
        let mut body = vec![0, 1];
        body.extend(string(filter));
        body.push(0);
        client.send(packet::SUBSCRIBE, &body);
        if let Ok(answer) = client.read() {
            assert_eq!(answer.first, packet::SUBACK, "«{filter}»");
            assert_eq!(answer.body[2], 0x80, "«{filter}»");
        }
    }
    bystander.publish("casa", "ainda", 0);
    assert_eq!(bystander.receive().payload, "ainda");
}

fn retained_set_replaced_cleared(broker: Broker) {
    let mut publisher = Client::new(broker.address());
    let kept = || {
        let mut late = Client::new(broker.address());
        late.subscribe("casa/porta", 1);
        late
    };
    publisher.publish_retained("casa/porta", "aberta", 1);
    let mut first = kept();
    let message = first.receive();
    assert!(message.retained, "{message:?}");
    assert_eq!((message.payload.as_str(), message.qos), ("aberta", 1));

    publisher.publish_retained("casa/porta", "fechada", 1);
    let message = first.receive();
    assert!(
        !message.retained,
        "to who is there, it is news: {message:?}"
    );
    assert_eq!(kept().receive().payload, "fechada");

    // Not retained: it does not replace what is kept.
    publisher.publish("casa/porta", "trancada", 1);
    assert_eq!(kept().receive().payload, "fechada");

    // An empty one clears it.
    publisher.publish_retained("casa/porta", "", 1);
    assert!(kept().is_silent());
}

fn will_without_goodbye_only(broker: Broker) {
    let mut watcher = Client::new(broker.address());
    watcher.subscribe("device/+/status", 1);
    let hello = Hello {
        will: Some(("device/123/status", "offline")),
        ..Hello::default()
    };
    Client::with(broker.address(), &hello).disconnect();
    assert!(watcher.is_silent(), "a will after a goodbye");

    let cut = Client::with(broker.address(), &hello);
    cut.stream.shutdown(Shutdown::Both).expect("cut");
    let message = watcher.receive();
    assert_eq!(message.topic, "device/123/status");
    assert_eq!((message.payload.as_str(), message.qos), ("offline", 1));
    assert!(watcher.is_silent());
}

fn persistent_session_gets_what_it_missed(broker: Broker) {
    let hello = Hello {
        id: "ausente",
        clean_session: false,
        ..Hello::default()
    };
    let mut subscriber = Client::with(broker.address(), &hello);
    assert!(!subscriber.session_present);
    subscriber.subscribe("casa/+", 2);
    subscriber.disconnect();

    let mut publisher = Client::new(broker.address());
    for number in 0..100 {
        publisher.publish("casa/1", &format!("{number}"), 1 + number % 2);
    }

    let mut subscriber = Client::with(broker.address(), &hello);
    assert!(subscriber.session_present);
    let mut received: Vec<String> = Vec::new();
    // The broker does not wait for one answer before the next message: answer
    // each as it comes.
    let mut open = 0;
    while received.len() < 100 || open > 0 {
        let packet = subscriber.read().expect("what was missed");
        match packet.first & 0xf0 {
            packet::PUBLISH => {
                let length = 2 + usize::from(packet.body[1]);
                let (id, payload) = packet.body[length..].split_at(2);
                received.push(String::from_utf8_lossy(payload).into_owned());
                if packet.first >> 1 & 3 == 1 {
                    subscriber.send(packet::PUBACK, id);
                } else {
                    open += 1;
                    subscriber.send(packet::PUBREC, id);
                }
            }
            _ => {
                assert_eq!(packet.first, packet::PUBREL);
                open -= 1;
                subscriber.send(packet::PUBCOMP, &packet.body);
            }
        }
    }
    received.sort_by_key(|payload| payload.parse::<u8>().ok());
    let expected: Vec<String> = (0..100).map(|n| format!("{n}")).collect();
    assert_eq!(received, expected);
    assert!(subscriber.is_silent());
}

fn clean_session_forgets(broker: Broker) {
    let hello = Hello {
        id: "limpo",
        ..Hello::default()
    };
    let mut subscriber = Client::with(broker.address(), &hello);
    subscriber.subscribe("casa", 1);
    subscriber.disconnect();
    Client::new(broker.address()).publish("casa", "perdida", 1);
    let mut subscriber = Client::with(broker.address(), &hello);
    assert!(!subscriber.session_present);
    assert!(subscriber.is_silent());
}

/// Who promises to speak every second and is silent is dropped, and the will
/// is sent; who speaks stays.
fn keep_alive(broker: Broker) {
    let mut watcher = Client::new(broker.address());
    watcher.subscribe("estado", 0);
    let hello = |id, will| Hello {
        id,
        keep_alive: 1,
        will: Some(("estado", will)),
        ..Hello::default()
    };
    let mut silent =
        Client::with(broker.address(), &hello("calado", "calou-se"));
    let mut pinging = Client::with(broker.address(), &hello("vivo", "também"));
    let start = Instant::now();
    pinging
        .stream
        .set_read_timeout(Some(Duration::from_millis(500)))
        .expect("a time limit");
    let ended = thread::spawn(move || {
        silent.wait_for_end();
        start.elapsed()
    });
    while !ended.is_finished() {
        pinging.send(packet::PINGREQ, &[]);
        pinging.expect(packet::PINGRESP);
        // Half a second of nothing to read.
        assert!(pinging.read().is_err());
    }
    let after = ended.join().expect("the silent client");
    // One and a half times what it promised, and room for a slow clock.
    assert!(after >= Duration::from_millis(1400), "after {after:?}");
    assert!(after < Duration::from_secs(10), "after {after:?}");
    assert_eq!(watcher.receive().payload, "calou-se");
    assert!(watcher.is_silent(), "the one that spoke was dropped too");
}

fn two_hundred_publishers(broker: Broker) {
    // In all, no more than Mosquitto keeps in line for one subscriber.
    const EACH: usize = 5;
    let address = broker.address();
    let mut subscriber = Client::new(address);
    subscriber.subscribe("sensor/+", 1);
    let mut publishers: Vec<Client> =
        (0..200).map(|_| Client::new(address)).collect();
    thread::scope(|scope| {
        for (number, publisher) in publishers.iter_mut().enumerate() {
            scope.spawn(move || {
                for count in 0..EACH {
                    let topic = format!("sensor/{number}");
                    publisher.publish(&topic, &format!("{count}"), 1);
                }
            });
        }
        let mut next = vec![0; 200];
        for _ in 0..200 * EACH {
            let message = subscriber.receive();
            let number: usize = message.topic[7..].parse().expect("a number");
            assert_eq!(message.payload, format!("{}", next[number]));
            next[number] += 1;
        }
    });
    assert!(subscriber.is_silent());
}

/// Clients that do not speak MQTT, stop half-way, or send too much: the
/// others are served.
fn bad_clients(broker: Broker) {
    let address = broker.address();
    let mut bystander = Client::new(address);
    bystander.subscribe("casa", 1);

    // What comes to a port: a browser, noise, an impossible length.
    let garbage: [&[u8]; 6] = [
        b"GET / HTTP/1.1\r\nHost: casa\r\n\r\n",
        &[0; 64],
        &[0xff; 64],
        &[0x10, 0xff, 0xff, 0xff, 0xff, 0xff],
        &[0x30, 0x03, 0x00, 0x01, b'a'], // a PUBLISH before any CONNECT
        b"\x10\x0c\x00\x04MQTT\x63\x02\x00\x3c\x00\x00", // a version to come
    ];
    for bytes in garbage {
        let mut stream = connect(address);
        stream.write_all(bytes).expect("send garbage");
        // A broker that has hung up by now has done right, too.
        let _ = stream.shutdown(Shutdown::Write);
    }

    // Half a CONNECT, and the connection stays open.
    let half = connect(address);
    (&half)
        .write_all(b"\x10\x0c\x00\x04MQ")
        .expect("send a half");

    // A client in good order that then sends nonsense, is cut in mid-packet,
    // or announces a packet that it never sends.
    let mut client = Client::new(address);
    client.send(packet::SUBSCRIBE, &[]);
    client.wait_for_end();
    let mut client = Client::new(address);
    client
        .stream
        .write_all(&[0x30, 100, 0])
        .expect("a beginning");
    drop(client);
    let mut endless = Client::new(address);
    endless
        .stream
        .write_all(&[0x30, 0xff, 0xff, 0xff, 0x7f])
        .expect("a header of 256 MiB");

    for (count, text) in ["um", "dois", "três"].into_iter().enumerate() {
        bystander.publish("casa", text, (count % 2) as u8);
        assert_eq!(bystander.receive().payload, text);
    }
    Client::new(address).disconnect();
}

/// Two connections with one name: the newer one stays.
fn takes_over_a_client_id(broker: Broker) {
    let hello = Hello {
        id: "gémeo",
        ..Hello::default()
    };
    let mut older = Client::with(broker.address(), &hello);
    let mut newer = Client::with(broker.address(), &hello);
    older.wait_for_end();
    newer.subscribe("casa", 0);
    newer.publish("casa", "sou eu", 0);
    assert_eq!(newer.receive().payload, "sou eu");
}

/// From none to as much as a packet of 1 MiB holds; more than that only
/// Mosquitto takes.
fn messages_of_every_size(broker: Broker) {
    let mut subscriber = Client::new(broker.address());
    subscriber.subscribe("t", 1);
    let mut publisher = Client::new(broker.address());
    for size in [0, 1, 127, 128, 16_383, 16_384, 1_000_000] {
        let payload = "x".repeat(size);
        publisher.publish("t", &payload, 1);
        assert!(subscriber.receive().payload == payload, "{size} bytes");
    }
    if broker.kind() == Kind::Lesson {
        let oversized = encode(
            packet::PUBLISH,
            &publish_body(0, 0, "t", &"x".repeat(2 << 20)),
        );
        // The broker may close before it has read everything.
        let _ = publisher.stream.write_all(&oversized);
        publisher.wait_for_end();
        subscriber.publish("t", "e agora?", 1);
        assert_eq!(subscriber.receive().payload, "e agora?");
    }
}
