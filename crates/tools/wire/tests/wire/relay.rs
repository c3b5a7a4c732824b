//! The relay, between sockets that do what a network can do to it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use socket2::SockRef;
use wire::Direction::{ToClient, ToServer};
use wire::{
    Direction, Ends, Event, Happening, Recorder, Recording, Relay, Sink,
    Transport, Verdict,
};

/// The longest that anything here may take.
const LIMIT: Duration = Duration::from_secs(30);

const ANY: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

fn ends() -> Ends {
    Ends {
        client: "client".to_string(),
        server: "server".to_string(),
        documented: None,
    }
}

/// A relay of one server, and what it tells.
struct Wire {
    relay: Relay,
    server: TcpListener,
    events: Receiver<Event>,
}

impl Wire {
    fn new() -> Wire {
        let (sender, events) = mpsc::channel();
        let recorder = Recorder::new(move |event| {
            let _ = sender.send(event);
        });
        let server = TcpListener::bind(("127.0.0.1", 0)).expect("a server");
        let relay = Relay::tcp(ANY.into(), ends(), &recorder).expect("a relay");
        let address = server.local_addr().expect("its address");
        relay.forward_to(address).expect("the server");
        Wire {
            relay,
            server,
            events,
        }
    }

    /// A connection, its client and its server.
    fn connect(&self) -> (TcpStream, TcpStream) {
        let client =
            TcpStream::connect(self.relay.address()).expect("a client");
        let (server, _) = self.server.accept().expect("a connection");
        for stream in [&client, &server] {
            stream.set_read_timeout(Some(LIMIT)).expect("a limit");
            stream.set_write_timeout(Some(LIMIT)).expect("a limit");
        }
        (client, server)
    }

    fn next(&self) -> Happening {
        self.events.recv_timeout(LIMIT).expect("an event").what
    }

    /// The events up to the end of a connection; data in one piece each way.
    fn until_closed(&self) -> Told {
        let mut told = Told::default();
        loop {
            match self.next() {
                Happening::Opened(_) => told.order.push("opened".to_string()),
                Happening::Data { direction, bytes } => match direction {
                    ToServer => told.to_server.extend_from_slice(&bytes),
                    ToClient => told.to_client.extend_from_slice(&bytes),
                },
                Happening::Closed => {
                    told.order.push("Closed".to_string());
                    return told;
                }
                other => told.order.push(format!("{other:?}")),
            }
        }
    }
}

#[derive(Default)]
struct Told {
    to_server: Vec<u8>,
    to_client: Vec<u8>,
    /// Whatever is not data.
    order: Vec<String>,
}

/// Bytes that are not the same anywhere.
fn bytes(count: usize, mut seed: u64) -> Vec<u8> {
    let next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as u8
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn read_all(mut stream: &TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).expect("bytes and an end");
    all
}

/// Closes with a reset.
fn reset(stream: TcpStream) {
    SockRef::from(&stream)
        .set_linger(Some(Duration::ZERO))
        .expect("a reset");
}

/// Reads to the reset: what came before it.
fn read_to_reset(mut stream: &TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    let error = stream.read_to_end(&mut all).expect_err("a reset");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    all
}

#[test]
fn bytes_pass_both_ways_at_once_and_are_told() {
    let wire = Wire::new();
    let (client, server) = wire.connect();
    let (there, back) = (bytes(5_000_000, 1), bytes(3_000_000, 2));
    thread::scope(|scope| {
        for (mut stream, bytes) in [(&client, &there), (&server, &back)] {
            scope.spawn(move || {
                stream.write_all(bytes).expect("sent");
                stream.shutdown(Shutdown::Write).expect("ended");
            });
        }
        let received = scope.spawn(|| read_all(&server));
        assert!(read_all(&client) == back);
        assert!(received.join().expect("received") == there);
    });
    let told = wire.until_closed();
    assert!(told.to_server == there && told.to_client == back);
    let mut order = told.order;
    order[1..3].sort();
    let wanted = [
        "opened",
        "HalfClosed(ToClient)",
        "HalfClosed(ToServer)",
        "Closed",
    ];
    assert_eq!(order, wanted);
}

#[test]
fn the_addresses_are_the_real_ones() {
    let wire = Wire::new();
    let (client, _server) = wire.connect();
    let Happening::Opened(connection) = wire.next() else {
        panic!("not opened");
    };
    assert_eq!(connection.transport, Transport::Tcp);
    assert_eq!(connection.client.name, "client");
    assert_eq!(connection.server.name, "server");
    let address = client.local_addr().expect("an address");
    assert_eq!(connection.client.address, address);
    let address = wire.server.local_addr().expect("an address");
    assert_eq!(connection.server.address, address);
    assert_eq!(connection.documented, address);
}

#[test]
fn one_side_ends_and_the_other_goes_on() {
    let wire = Wire::new();
    let (client, mut server) = wire.connect();
    (&client).write_all(b"the last").expect("sent");
    client.shutdown(Shutdown::Write).expect("ended");
    assert_eq!(read_all(&server), b"the last");
    // The end is told before the other side does anything.
    assert!(matches!(wire.next(), Happening::Opened(_)));
    assert!(matches!(wire.next(), Happening::Data { .. }));
    assert_eq!(wire.next(), Happening::HalfClosed(ToServer));
    for _ in 0..3 {
        server.write_all(b"answer ").expect("sent");
    }
    drop(server);
    assert_eq!(read_all(&client), b"answer answer answer ");
    assert_eq!(
        wire.until_closed().order,
        ["HalfClosed(ToClient)", "Closed"]
    );
}

#[test]
fn a_reset_is_a_reset_after_what_was_sent() {
    for by in [ToServer, ToClient] {
        let wire = Wire::new();
        let (client, server) = wire.connect();
        let (mut sender, receiver) = match by {
            ToServer => (client, server),
            ToClient => (server, client),
        };
        sender.write_all(b"goodb").expect("sent");
        let mut five = [0; 5];
        (&receiver).read_exact(&mut five).expect("what was sent");
        reset(sender);
        assert_eq!(read_to_reset(&receiver), b"");
        let reset = format!("Reset({by:?})");
        assert_eq!(wire.until_closed().order, ["opened", &reset, "Closed"]);
    }
}

/// As a server does that closes with something unread: the answer comes, and
/// then the reset.
#[test]
fn an_answer_comes_before_the_reset_that_follows_it() {
    let wire = Wire::new();
    let (mut client, mut server) = wire.connect();
    client.write_all(b"two requests").expect("sent");
    server.read_exact(&mut [0; 3]).expect("a part");
    server.write_all(b"one answer").expect("sent");
    drop(server);
    assert_eq!(read_to_reset(&client), b"one answer");
    let order = wire.until_closed().order;
    assert_eq!(order, ["opened", "Reset(ToClient)", "Closed"]);
}

/// A program that goes on sending to one that has gone.
#[test]
fn who_sends_to_one_that_has_closed_is_reset() {
    let wire = Wire::new();
    let (client, mut server) = wire.connect();
    drop(client);
    let until = Instant::now() + LIMIT;
    let error = loop {
        assert!(Instant::now() < until, "no reset");
        if let Err(error) = server.write_all(&[0; 10_000]) {
            break error.kind();
        }
    };
    let gone = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
    assert!(gone.contains(&error), "{error}");
    let order = wire.until_closed().order;
    let wanted = [
        "opened",
        "HalfClosed(ToServer)",
        "Reset(ToServer)",
        "Closed",
    ];
    assert_eq!(order, wanted);
}

/// Sends until nothing more goes in.
fn fill(mut stream: &TcpStream) -> usize {
    let brief = Duration::from_millis(500);
    stream.set_write_timeout(Some(brief)).expect("a limit");
    let mut sent = 0;
    while sent < 64 << 20 {
        match stream.write(&[b'.'; 65_536]) {
            Ok(count) => sent += count,
            Err(_) => return sent,
        }
    }
    panic!("64 MiB went in, and nobody read");
}

#[test]
fn a_side_that_does_not_read_stops_the_other_one() {
    let wire = Wire::new();
    let (client, server) = wire.connect();
    let sent = fill(&client);
    client.shutdown(Shutdown::Write).expect("ended");
    // The other way is free all the while.
    (&server).write_all(b"wait").expect("sent");
    (&client).read_exact(&mut [0; 4]).expect("it passes");
    // All of it comes as soon as it is read.
    assert_eq!(read_all(&server).len(), sent);
    drop(server);
    assert_eq!(wire.until_closed().to_server.len(), sent);
}

#[test]
fn a_reset_does_not_wait_for_a_side_that_does_not_read() {
    let wire = Wire::new();
    let (client, server) = wire.connect();
    fill(&client);
    reset(client);
    let order = wire.until_closed().order;
    assert_eq!(order, ["opened", "Reset(ToServer)", "Closed"]);
    assert!(read_to_reset(&server).len() > 1_000);
}

#[test]
fn nobody_listens_before_there_is_a_server() {
    let (sender, events) = mpsc::channel();
    let recorder = Recorder::new(move |event: Event| {
        let _ = sender.send(event.what);
    });
    let relay = Relay::tcp(ANY.into(), ends(), &recorder).expect("a relay");
    let refused = TcpStream::connect(relay.address()).expect_err("refused");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

    // A server that is not there any more: the connection is reset.
    let server = TcpListener::bind(("127.0.0.1", 0)).expect("a server");
    let address = server.local_addr().expect("its address");
    drop(server);
    relay.forward_to(address).expect("a server");
    let client = TcpStream::connect(relay.address()).expect("a client");
    client.set_read_timeout(Some(LIMIT)).expect("a limit");
    assert_eq!(read_to_reset(&client), b"");
    let told = events.recv_timeout(LIMIT).expect("an event");
    assert!(matches!(told, Happening::Refused(_)), "{told:?}");
}

#[test]
fn the_relay_is_cut_and_mended() {
    let wire = Wire::new();
    let (mut client, server) = wire.connect();
    client.write_all(b"before").expect("sent");
    (&server).read_exact(&mut [0; 6]).expect("it passes");
    wire.relay.cut().expect("cut");
    assert_eq!(read_to_reset(&client), b"");
    assert_eq!(read_all(&server), b"");
    let address = wire.relay.address();
    let refused = TcpStream::connect(address).expect_err("refused");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    assert_eq!(wire.until_closed().order, ["opened", "Closed"]);

    let server = wire.server.local_addr().expect("its address");
    wire.relay.forward_to(server).expect("the server");
    let (client, server) = wire.connect();

    // To refuse others leaves it alone.
    wire.relay.refuse().expect("refused");
    assert!(TcpStream::connect(address).is_err());
    (&client).write_all(b"here").expect("sent");
    (&server).read_exact(&mut [0; 4]).expect("it passes");
    drop(wire.relay);
    assert_eq!(read_to_reset(&client), b"");
}

/// What two programs did before they ended is told as they did it.
#[test]
fn a_relay_that_ends_passes_on_what_has_come() {
    let wire = Wire::new();
    let (mut client, server) = wire.connect();
    client.write_all(b"the last").expect("sent");
    drop(client);
    assert_eq!(read_all(&server), b"the last");
    drop(server);
    drop(wire.relay);
    let told: Vec<Happening> =
        wire.events.try_iter().map(|event| event.what).collect();
    let ends = [
        Happening::HalfClosed(ToServer),
        Happening::HalfClosed(ToClient),
        Happening::Closed,
    ];
    assert!(told.ends_with(&ends), "{told:?}");
}

/// Nor does the end of the recording look like something that they did.
#[test]
fn what_ends_with_the_relay_is_not_told() {
    let wire = Wire::new();
    let (mut client, server) = wire.connect();
    client.write_all(b"hello").expect("sent");
    (&server).read_exact(&mut [0; 5]).expect("it passes");
    drop(wire.relay);
    assert_eq!(read_to_reset(&client), b"");
    let told: Vec<Event> = wire.events.try_iter().collect();
    assert_eq!(told.len(), 2, "{told:?}"); // opened, and five bytes
}

/// Cuts just before the mark.
struct Cutter;

impl Sink for Cutter {
    fn event(&mut self, event: Event) -> Verdict {
        if let Happening::Data { bytes, .. } = &event.what
            && let Some(at) = bytes.iter().position(|byte| *byte == b'!')
        {
            return Verdict::CutAfter(at);
        }
        Verdict::Pass
    }
}

#[test]
fn a_sink_cuts_in_the_middle_of_what_passes() {
    let recorder = Recorder::new(Cutter);
    let server = TcpListener::bind(("127.0.0.1", 0)).expect("a server");
    let relay = Relay::tcp(ANY.into(), ends(), &recorder).expect("a relay");
    let to = server.local_addr().expect("its address");
    relay.forward_to(to).expect("the server");
    let mut client = TcpStream::connect(relay.address()).expect("a client");
    client.set_read_timeout(Some(LIMIT)).expect("a limit");
    client.write_all(b"before!after").expect("sent");
    let (taken, _) = server.accept().expect("a connection");
    taken.set_read_timeout(Some(LIMIT)).expect("a limit");
    assert_eq!(read_all(&taken), b"before");
    assert_eq!(read_to_reset(&client), b"");
    assert!(TcpStream::connect(relay.address()).is_err());
}

#[test]
fn a_thousand_connections_pass_at_once() {
    let connections = 1_000;
    let room = programs::raise_descriptor_limit();
    assert!(
        room > 4 * connections,
        "at most {room} open files: ulimit -n"
    );
    let wire = Wire::new();
    let mut pairs = Vec::new();
    for _ in 0..connections {
        pairs.push(wire.connect());
    }
    for (number, (client, _)) in pairs.iter_mut().enumerate() {
        client
            .write_all(&bytes(1_000, number as u64))
            .expect("sent");
    }
    for (number, (client, server)) in pairs.iter_mut().enumerate() {
        let mut received = vec![0; 1_000];
        server.read_exact(&mut received).expect("it passes");
        assert!(received == bytes(1_000, number as u64));
        server.write_all(&received).expect("sent");
        received.fill(0);
        client.read_exact(&mut received).expect("it passes");
        assert!(received == bytes(1_000, number as u64));
    }
    drop(pairs);
    let mut closed = 0;
    let mut data = [0, 0];
    while closed < connections {
        match wire.next() {
            Happening::Closed => closed += 1,
            Happening::Data { direction, bytes } => {
                data[usize::from(direction == ToClient)] += bytes.len();
            }
            Happening::Opened(_)
            | Happening::HalfClosed(_)
            | Happening::Reset(_) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(data, [connections * 1_000; 2]);
}

#[test]
fn datagrams_keep_their_limits_and_their_senders() {
    let recording = Recording::new(1 << 20);
    let recorder = Recorder::new(recording.clone());
    let server = UdpSocket::bind(("127.0.0.1", 0)).expect("a server");
    server.set_read_timeout(Some(LIMIT)).expect("a limit");
    let relay = Relay::udp(ANY.into(), ends(), &recorder).expect("a relay");
    let to = server.local_addr().expect("its address");
    relay.forward_to(to).expect("the server");
    let client = || -> io::Result<UdpSocket> {
        let client = UdpSocket::bind(("127.0.0.1", 0))?;
        client.connect(relay.address())?;
        client.set_read_timeout(Some(LIMIT))?;
        Ok(client)
    };
    let clients = [client().expect("one"), client().expect("another")];
    let long = bytes(65_507, 7);
    let mut senders: Vec<SocketAddr> = Vec::new();
    let mut buffer = vec![0; 65_536];
    for client in &clients {
        for sent in [&b"1"[..], b"", &long] {
            client.send(sent).expect("sent");
            let (count, from) =
                server.recv_from(&mut buffer).expect("a datagram");
            assert!(buffer[..count] == *sent);
            senders.push(from);
        }
    }
    assert!(senders[..3].iter().all(|sender| *sender == senders[0]));
    assert!(senders[3..].iter().all(|sender| *sender == senders[3]));
    assert_ne!(senders[0], senders[3]);
    // Each answer finds its own.
    for (sender, answer) in [(senders[3], "to two"), (senders[0], "to one")] {
        server.send_to(answer.as_bytes(), sender).expect("sent");
    }
    for (client, answer) in clients.iter().zip(["to one", "to two"]) {
        let count = client.recv(&mut buffer).expect("an answer");
        assert_eq!(buffer[..count], *answer.as_bytes());
    }
    drop(relay);
    let told = |wanted: Direction| {
        let datagrams = recording.events().into_iter();
        let datagrams = datagrams.filter(|event| {
            matches!(event.what, Happening::Datagram { direction, .. }
                if direction == wanted)
        });
        datagrams.count()
    };
    assert_eq!((told(ToServer), told(ToClient)), (6, 2));
}

#[test]
fn a_recording_says_what_it_left_out() {
    let mut recording = Recording::new(10_000);
    let (sender, events) = mpsc::channel();
    let mut kept = recording.clone();
    let recorder = Recorder::new(move |event: Event| {
        kept.event(event.clone());
        let _ = sender.send(event);
    });
    let server = TcpListener::bind(("127.0.0.1", 0)).expect("a server");
    let relay = Relay::tcp(ANY.into(), ends(), &recorder).expect("a relay");
    let to = server.local_addr().expect("its address");
    relay.forward_to(to).expect("the server");
    let mut client = TcpStream::connect(relay.address()).expect("a client");
    let (taken, _) = server.accept().expect("a connection");
    client.write_all(&[b'.'; 100_000]).expect("sent");
    drop(client);
    assert_eq!(read_all(&taken).len(), 100_000);
    drop(taken);
    let mut all = Vec::new();
    loop {
        match events.recv_timeout(LIMIT) {
            Ok(event) => all.push(event),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(error) => panic!("{error}"),
        }
        if all.last().is_some_and(|e| e.what == Happening::Closed) {
            break;
        }
    }
    let left_out = recording.left_out();
    let events = recording.events();
    assert_eq!(events[..], all[..events.len()]);
    assert!(events.len() < all.len());
    assert_eq!(left_out.events as usize, all.len() - events.len());
    let size = |events: &[Event]| -> u64 {
        let data = events.iter().map(|event| match &event.what {
            Happening::Data { bytes, .. } => bytes.len() as u64,
            _ => 0,
        });
        data.sum()
    };
    assert_eq!(size(&events) + left_out.bytes, 100_000);
    // Later ones are left out although they are small.
    recording.event(all[0].clone());
    assert_eq!(recording.left_out().events, left_out.events + 1);
}
