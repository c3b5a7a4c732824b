//! The relay between real clients and both brokers, and on raw sockets.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use testkit::mqtt::{Broker, Client, packet};
use testkit::{Program, connect, lesson, unused_address};

testkit::mqtt_broker_tests!(
    shows_each_packet_with_its_header
    cuts_at_the_first_of_a_kind
    serves_many_clients
);

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

/// A relay to this address, which cuts as it is told.
fn relay(server: SocketAddr, cut: &[&str]) -> (Program, SocketAddr) {
    let mut command = lesson("mqtt_packets");
    command.args(["127.0.0.1:0", &format!("mqtt://{server}")]);
    let relay = Program::start(command.args(cut));
    let address = relay.address();
    (relay, address)
}

/// What the relay prints of packets, without the client's port.
fn shown(relay: &Program, count: usize) -> Vec<String> {
    let lines = relay.wait_for_lines(1 + count);
    let lines = lines[1..].iter();
    let without_port = lines.map(|line| line.split_once("] ").expect("a port"));
    without_port.map(|(_, rest)| rest.to_string()).collect()
}

fn shows_each_packet_with_its_header(broker: Broker) {
    let (relay, address) = relay(broker.address(), &[]);
    let mut client = Client::new(address);
    client.subscribe("casa", 0);
    client.publish("casa", &"x".repeat(200), 0);
    assert_eq!(client.receive().payload.len(), 200);
    client.disconnect();
    let lines = shown(&relay, 7);
    let kinds: Vec<&str> = lines
        .iter()
        .map(|line| line.split(" [").next().expect("a kind"))
        .collect();
    assert_eq!(
        kinds,
        [
            "-> CONNECT",
            "<- CONNACK",
            "-> SUBSCRIBE",
            "<- SUBACK",
            "-> PUBLISH",
            "<- PUBLISH",
            "-> DISCONNECT"
        ]
    );
    assert_eq!(lines[1], "<- CONNACK [20, 02] + 2 bytes");
    // 206 = 0b1_1001110, in groups of seven bits.
    assert_eq!(lines[4], "-> PUBLISH [30, ce, 01] + 206 bytes");
    assert_eq!(lines[6], "-> DISCONNECT [e0, 00] + 0 bytes");
}

/// Once: who comes again passes.
fn cuts_at_the_first_of_a_kind(broker: Broker) {
    let (relay, address) = relay(broker.address(), &["PUBACK"]);
    let mut client = Client::new(address);
    client.send_publish(packet::PUBLISH | 2, 7, "casa", "x");
    client.wait_for_end();
    relay.wait_for("<- PUBACK [40, 02] + 2 bytes\n");
    relay.wait_for_error("cortada antes deste pacote passar\n");

    let mut again = Client::new(address);
    again.publish("casa", "x", 1);
    again.disconnect();
}

fn serves_many_clients(broker: Broker) {
    let (relay, address) = relay(broker.address(), &[]);
    let mut clients: Vec<Client> =
        (0..50).map(|_| Client::new(address)).collect();
    for client in &mut clients {
        client.subscribe("casa", 0);
    }
    clients[0].publish("casa", "x", 0);
    for client in &mut clients {
        assert_eq!(client.receive().payload, "x");
    }
    drop(relay);
}

/// A relay to a server that is the test itself, with a client.
fn between(cut: &[&str]) -> (Program, TcpStream, TcpStream) {
    let server = TcpListener::bind("127.0.0.1:0").expect("a port");
    let (relay, address) = relay(server.local_addr().expect("address"), cut);
    let client = connect(address);
    let (server, _) = server.accept().expect("the relay");
    server
        .set_read_timeout(Some(testkit::DEADLINE))
        .expect("a limit");
    (relay, client, server)
}

#[test]
fn one_byte_at_a_time_and_all_at_once() {
    let (relay, mut client, mut server) = between(&[]);
    let packets = b"\x10\x02hi\xc0\x00\x30\x03\x00\x01a";
    client.set_nodelay(true).expect("no delay");
    for byte in packets {
        client.write_all(&[*byte]).expect("send");
    }
    client.write_all(packets).expect("send");
    let mut passed = vec![0; 2 * packets.len()];
    server.read_exact(&mut passed).expect("all of it");
    assert_eq!(passed, packets.repeat(2));
    let one = [
        "-> CONNECT [10, 02] + 2 bytes",
        "-> PINGREQ [c0, 00] + 0 bytes",
        "-> PUBLISH [30, 03] + 3 bytes",
    ];
    assert_eq!(shown(&relay, 6), one.repeat(2));
}

/// More than anybody would keep in memory passes, both ways.
#[test]
fn large_packets() {
    let (relay, mut client, mut server) = between(&[]);
    let size: usize = 100 << 20;
    let header = [0x30, 0x80, 0x80, 0x80, 0x32];
    let sending = std::thread::spawn(move || {
        server.write_all(&header).expect("send");
        let piece = vec![7; 1 << 20];
        for _ in 0..100 {
            server.write_all(&piece).expect("send");
        }
    });
    let mut passed = 0;
    let mut buffer = vec![0; 1 << 16];
    while passed < size + header.len() {
        match client.read(&mut buffer).expect("read") {
            0 => panic!("the end, after {passed} bytes"),
            count => passed += count,
        }
    }
    sending.join().expect("sent");
    let line = "<- PUBLISH [30, 80, 80, 80, 32] + 104857600 bytes";
    assert_eq!(shown(&relay, 1), [line]);
    if let Some(memory) = relay.memory() {
        assert!(memory < 32 << 20, "{memory} bytes");
    }
}

/// The length has four bytes at most.
#[test]
fn malformed_length_ends_that_connection_alone() {
    let (relay, mut client, mut server) = between(&[]);
    client.write_all(b"\x30\xff\xff\xff\xff\x01").expect("send");
    let mut rest = Vec::new();
    match client.read_to_end(&mut rest) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("{error}"),
    }
    assert_eq!(rest, b"");
    server.read_to_end(&mut rest).expect("the end");
    assert_eq!(rest, b"", "nothing of it passes");
    relay.wait_for_error("um tamanho com mais de 4 bytes\n");
    let other = connect(relay.address());
    drop(other);
}

/// Each side hears of the other's end.
#[test]
fn ends_pass() {
    let (_relay, client, mut server) = between(&[]);
    drop(client);
    assert_eq!(server.read(&mut [0]).expect("the end"), 0);

    let (_relay, mut client, server) = between(&[]);
    drop(server);
    assert_eq!(client.read(&mut [0]).expect("the end"), 0);
}

#[test]
fn without_a_broker_it_says_so_and_goes_on() {
    let (server, _streams) = unused_address();
    let (relay, address) = relay(server, &[]);
    for _ in 0..2 {
        let mut client = connect(address);
        assert_eq!(client.read(&mut [0]).expect("the end"), 0);
    }
    relay.wait_for_error(&format!(
        "Sem broker em mqtt://{server}: cargo run -p mqtt_broker\n"
    ));
}

#[test]
fn wrong_arguments() {
    Program::start(lesson("mqtt_packets").args(["127.0.0.1:0", "puback"]))
        .finish()
        .assert_fails_with(
            "Que tipo de pacote? Um destes: ? CONNECT CONNACK [..]",
        );
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = listener.local_addr().expect("an address").to_string();
    for address in [taken.as_str(), "127.0.0.1:99999"] {
        Program::start(lesson("mqtt_packets").arg(address))
            .finish()
            .assert_fails_with(&format!(
                "Não foi possível escutar em {address} ([..]). Escolha outro: \
                 cargo run -p mqtt_packets -- 127.0.0.1:1885"
            ));
    }
}

#[test]
fn ends_when_it_cannot_print() {
    let broker = Broker::start(testkit::mqtt::Kind::Lesson);
    let url = broker.url();
    let mut command = lesson("mqtt_packets");
    command.args(["127.0.0.1:0", &url]);
    testkit::ends_when_cut_short(&mut command, |first| {
        let address = first.rsplit(' ').next().expect("an address");
        let mut stream = connect(address.parse().expect("an address"));
        // It may be gone before this is sent.
        let _ = stream.write_all(b"\xc0\x00");
    });
}
