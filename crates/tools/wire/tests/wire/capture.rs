//! A capture, as Wireshark's own dissectors read it.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;
use wire::Direction::{ToClient, ToServer};
use wire::{
    Connection, Direction, Endpoint, Ends, Event, Happening, Recorder,
    Recording, Relay, Transport, pcapng,
};

use crate::samples::{self, Turns};

const LIMIT: Duration = Duration::from_secs(30);

const ANY: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

fn ends(port: u16) -> Ends {
    Ends {
        client: "client".to_string(),
        server: "server".to_string(),
        documented: Some(([127, 0, 0, 1], port).into()),
    }
}

/// Says this between two real sockets, and closes.
fn play(turns: &Turns, port: u16, recorder: &Recorder, recording: &Recording) {
    let closed = count(recording, |what| *what == Happening::Closed);
    let server = TcpListener::bind(("127.0.0.1", 0)).expect("a server");
    let relay = Relay::tcp(ANY.into(), ends(port), recorder).expect("a relay");
    let address = server.local_addr().expect("its address");
    relay.forward_to(address).expect("the server");
    let mut client = TcpStream::connect(relay.address()).expect("a client");
    let (mut server, _) = server.accept().expect("a connection");
    for (direction, bytes) in turns {
        let (from, to) = match direction {
            ToServer => (&mut client, &mut server),
            ToClient => (&mut server, &mut client),
        };
        to.set_read_timeout(Some(LIMIT)).expect("a limit");
        from.write_all(bytes).expect("sent");
        let mut received = vec![0; bytes.len()];
        to.read_exact(&mut received).expect("received");
        assert!(received == *bytes);
    }
    drop(client);
    assert_eq!(server.read(&mut [0]).expect("the end"), 0);
    drop(server);
    // The relay has seen it, too.
    wait_for(recording, |what| *what == Happening::Closed, closed + 1);
}

fn count(recording: &Recording, is_it: impl Fn(&Happening) -> bool) -> usize {
    let events = recording.events();
    events.iter().filter(|event| is_it(&event.what)).count()
}

fn wait_for(
    recording: &Recording,
    is_it: impl Fn(&Happening) -> bool,
    wanted: usize,
) {
    let until = Instant::now() + LIMIT;
    while count(recording, &is_it) < wanted {
        assert!(Instant::now() < until, "{:#?}", recording.events());
        thread::sleep(Duration::from_millis(2));
    }
}

/// The same over UDP, a datagram a turn.
fn play_datagrams(turns: &Turns, port: u16, recorder: &Recorder) {
    let server = UdpSocket::bind(("127.0.0.1", 0)).expect("a server");
    let relay = Relay::udp(ANY.into(), ends(port), recorder).expect("a relay");
    let address = server.local_addr().expect("its address");
    relay.forward_to(address).expect("the server");
    let client = UdpSocket::bind(("127.0.0.1", 0)).expect("a client");
    client.connect(relay.address()).expect("the relay");
    let mut buffer = vec![0; 65_536];
    let mut known: Option<SocketAddr> = None;
    for (direction, bytes) in turns {
        let count = match direction {
            ToServer => {
                server.set_read_timeout(Some(LIMIT)).expect("a limit");
                client.send(bytes).expect("sent");
                let (count, from) =
                    server.recv_from(&mut buffer).expect("received");
                known = Some(from);
                count
            }
            ToClient => {
                client.set_read_timeout(Some(LIMIT)).expect("a limit");
                let to = known.expect("a client");
                server.send_to(bytes, to).expect("sent");
                client.recv(&mut buffer).expect("received")
            }
        };
        assert!(buffer[..count] == *bytes);
    }
}

/// A file that goes when the test does.
struct File(PathBuf);

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn capture(name: &str, recorder: &Recorder, events: &[Event]) -> File {
    let name = format!("wire-{}-{name}.pcapng", std::process::id());
    let file = File(std::env::temp_dir().join(name));
    let to = fs::File::create(&file.0).expect("a file");
    let to = std::io::BufWriter::new(to);
    pcapng::write(to, recorder.started(), events).expect("a capture");
    file
}

/// One packet, as tshark sees it.
struct Packet {
    stream: String,
    protocol: String,
    info: String,
    /// The sender's port.
    from: u16,
    payload: Vec<u8>,
    /// What tshark has to say about it.
    expert: String,
}

/// Reads a capture with tshark. Every checksum must be right.
fn read(file: &File) -> Vec<Packet> {
    const FIELDS: [&str; 12] = [
        "tcp.stream",
        "_ws.col.Protocol",
        "_ws.col.Info",
        "tcp.srcport",
        "udp.srcport",
        "tcp.payload",
        "udp.payload",
        "_ws.expert",
        "tcp.analysis.flags",
        "ip.checksum.status",
        "tcp.checksum.status",
        "udp.checksum.status",
    ];
    let mut tshark = Command::new("tshark");
    for checked in ["ip", "tcp", "udp"] {
        tshark.args(["-o", &format!("{checked}.check_checksum:TRUE")]);
    }
    tshark.arg("-r").arg(&file.0);
    tshark.args(["-T", "fields", "-E", "occurrence=a"]);
    for field in FIELDS {
        tshark.args(["-e", field]);
    }
    let output = tshark.output().unwrap_or_else(|error| {
        assert!(
            error.kind() != ErrorKind::NotFound,
            "tshark is missing: apt-get install tshark"
        );
        panic!("tshark: {error}")
    });
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "tshark: {errors}");
    assert!(!errors.contains("cut short"), "tshark: {errors}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.lines().map(packet).collect()
}

fn packet(line: &str) -> Packet {
    let fields: Vec<&str> = line.split('\t').collect();
    let [
        stream,
        protocol,
        info,
        tcp,
        udp,
        data,
        datagram,
        expert,
        analysis,
        checksums @ ..,
    ] = &fields[..]
    else {
        panic!("{line}");
    };
    // IP's and one of the other two.
    let good = checksums.iter().filter(|status| **status == "1");
    assert_eq!(good.count(), 2, "a bad checksum: {line}");
    assert_eq!(*analysis, "", "wrong numbers: {line}");
    let hex = format!("{data}{datagram}");
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16);
    let bytes = (0..hex.len()).step_by(2).map(byte);
    Packet {
        stream: stream.to_string(),
        protocol: protocol.to_string(),
        info: info.to_string(),
        from: format!("{tcp}{udp}").parse().expect("a port"),
        payload: bytes.collect::<Result<_, _>>().expect("bytes"),
        expert: expert.to_string(),
    }
}

impl Packet {
    /// Whether tshark finds anything wrong.
    fn is_orderly(&self) -> bool {
        let words = ["Malformed", "(Warn", "(Error"];
        !words.iter().any(|word| self.expert.contains(word))
    }

    fn direction(&self, port: u16) -> Direction {
        if self.from == port {
            ToClient
        } else {
            ToServer
        }
    }
}

#[test]
fn wireshark_decodes_every_protocol_and_finds_nothing_wrong() {
    let recording = Recording::new(64 << 20);
    let recorder = Recorder::new(recording.clone());
    let samples = samples::all();
    for (port, turns) in &samples {
        play(turns, *port, &recorder, &recording);
    }
    play_datagrams(&samples::text(), 65432, &recorder);
    let file = capture("all", &recorder, &recording.events());
    let packets = read(&file);
    for packet in &packets {
        let Packet { info, expert, .. } = packet;
        assert!(packet.is_orderly(), "{info}: {expert}");
    }

    // Every byte is there, in its connection and direction.
    for (number, (port, turns)) in samples.iter().enumerate() {
        let number = number.to_string();
        for wanted in [ToServer, ToClient] {
            let said = turns.iter().filter(|(way, _)| *way == wanted);
            let said: Vec<u8> =
                said.flat_map(|(_, bytes)| bytes.clone()).collect();
            let of_stream = packets.iter().filter(|packet| {
                packet.stream == number && packet.direction(*port) == wanted
            });
            let seen: Vec<u8> = of_stream
                .flat_map(|packet| packet.payload.clone())
                .collect();
            assert!(seen == said, "{port}, {wanted:?}");
        }
    }
    let datagrams: Vec<&[u8]> = packets
        .iter()
        .filter(|packet| packet.protocol == "UDP")
        .map(|packet| &packet.payload[..])
        .collect();
    assert_eq!(datagrams, ["Olá, mundo".as_bytes(); 2]);

    // What Wireshark makes of it.
    let all = |protocol: &str| {
        let of_it = packets.iter().filter(|one| one.protocol == protocol);
        let infos: Vec<&str> = of_it.map(|one| one.info.as_str()).collect();
        infos.join("; ")
    };
    let wanted = [
        ("HTTP", "GET /items/1 HTTP/1.1"),
        ("HTTP/JSON", "HTTP/1.1 200 OK"),
        ("HTTP", "HTTP/1.1 101 Switching Protocols"),
        ("WebSocket", "WebSocket Text [FIN] [MASKED]"),
        ("WebSocket", "WebSocket Connection Close [FIN] [MASKED]"),
        ("WebSocket", "WebSocket Binary [FIN]"),
        ("MQTT", "Connect Command; Connect Ack"),
        (
            "MQTT",
            "Publish Message (id=7) [a/b]; Publish Received (id=7)",
        ),
        ("MQTT", "Publish Release (id=7); Publish Complete (id=7)"),
        ("AMQP", "Connection.Start ; Connection.Start-Ok"),
        ("AMQP", "Basic.Publish x= rk=tarefas Content-Header"),
        ("AMQP", "Basic.Deliver x= rk=tarefas Content-Header"),
        ("AMQP", "Basic.Ack Heartbeat"),
    ];
    for (protocol, what) in wanted {
        let seen = all(protocol);
        assert!(seen.contains(what), "{protocol} without {what}: {seen}");
    }
}

#[test]
fn resets_and_refusals_are_written_as_such() {
    let recording = Recording::new(64 << 20);
    let recorder = Recorder::new(recording.clone());
    let server = TcpListener::bind(("127.0.0.1", 0)).expect("a server");
    let address = server.local_addr().expect("its address");
    let relay =
        Relay::tcp(ANY.into(), ends(65432), &recorder).expect("a relay");
    relay.forward_to(address).expect("the server");
    let connect = || {
        let client = TcpStream::connect(relay.address()).expect("a client");
        client.set_read_timeout(Some(LIMIT)).expect("a limit");
        (client, server.accept().expect("a connection").0)
    };
    // 0: the server resets. 1: the client does. 2: the relay is cut.
    for closes in 0..3 {
        let (mut client, mut server) = connect();
        client.write_all(&[b'.'; 5_000]).expect("sent");
        server.read_exact(&mut [0; 5_000]).expect("received");
        let reset = |stream: TcpStream| {
            let now = Some(Duration::ZERO);
            SockRef::from(&stream).set_linger(now).expect("a reset");
        };
        match closes {
            0 => reset(server),
            1 => reset(client),
            _ => relay.cut().expect("cut"),
        }
        wait_for(&recording, |what| *what == Happening::Closed, closes + 1);
    }
    // 3: nobody is there.
    drop(server);
    relay.forward_to(address).expect("the server");
    let mut client = TcpStream::connect(relay.address()).expect("a client");
    client.set_read_timeout(Some(LIMIT)).expect("a limit");
    let _ = client.read(&mut [0]).expect_err("a reset");
    let refused = |what: &Happening| matches!(what, Happening::Refused(_));
    wait_for(&recording, refused, 1);

    let file = capture("resets", &recorder, &recording.events());
    let packets = read(&file);
    for (stream, resets) in [
        ("0", ToClient),
        ("1", ToServer),
        ("2", ToClient),
        ("3", ToClient),
    ] {
        let of_it: Vec<&Packet> =
            packets.iter().filter(|one| one.stream == stream).collect();
        let (last, before) = of_it.split_last().expect("packets");
        assert!(last.info.contains("[RST, ACK]"), "{}", last.info);
        assert_eq!(last.direction(65432), resets);
        for packet in before {
            assert!(packet.is_orderly(), "{}", packet.expert);
            assert!(!packet.info.contains("RST"), "{}", packet.info);
        }
        let payload: usize = of_it.iter().map(|one| one.payload.len()).sum();
        assert_eq!(payload, if stream == "3" { 0 } else { 5_000 });
    }
}

/// Two clients that have the same port, and servers that have one documented
/// address, are still two connections; and so are those of IPv6.
#[test]
fn connections_do_not_become_one() {
    let recorder = Recorder::new(|_| {});
    let opened = |connection, client: &str, server: &str| {
        let endpoint = |name: &str, address: &str| Endpoint {
            name: name.to_string(),
            address: address.parse().expect("an address"),
        };
        let connection_of = Connection {
            transport: Transport::Tcp,
            client: endpoint("client", client),
            server: endpoint("server", server),
            documented: "127.0.0.1:65432".parse().expect("an address"),
        };
        Event {
            at: Duration::from_nanos(connection),
            connection,
            what: Happening::Opened(Arc::new(connection_of)),
        }
    };
    let said = |connection, bytes: &[u8]| Event {
        at: Duration::from_secs(3),
        connection,
        what: Happening::Data {
            direction: ToServer,
            bytes: bytes.into(),
        },
    };
    let events = [
        opened(1, "127.0.0.1:50000", "127.0.0.1:1"),
        opened(2, "127.0.0.1:50000", "127.0.0.1:2"),
        opened(3, "[::1]:50000", "[::1]:3"),
        said(2, b"two"),
        said(1, b"one"),
    ];
    let file = capture("twice", &recorder, &events);
    let name = file.0.to_string_lossy().into_owned();
    let output = Command::new("tshark")
        .args(["-r", &name, "-T", "fields", "-e", "tcp.stream"])
        .args(["-e", "tcp.payload", "-e", "ipv6.dst", "-e", "tcp.port"])
        .args(["-o", "tcp.check_checksum:TRUE", "-e", "tcp.checksum.status"])
        .output()
        .expect("tshark: apt-get install tshark");
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "0\t\t\t50000,65432\t1");
    assert_eq!(lines[3], "1\t\t\t50001,65432\t1");
    assert_eq!(lines[6], "2\t\t::1\t50000,3\t1");
    assert_eq!(lines[9], "1\t74776f\t\t50001,65432\t1");
    assert_eq!(lines[11], "0\t6f6e65\t\t50000,65432\t1");
}
