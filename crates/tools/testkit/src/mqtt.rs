//! MQTT for tests: both brokers, each on a port of its own, and a client that
//! is close enough to the wire to stop half-way.
//!
//! [`mqtt_broker_tests!`](crate::mqtt_broker_tests) runs the same checks
//! against both.

use std::collections::VecDeque;
use std::fs;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use programs::{Folder, Port};
pub use wire::mqtt::packet::{
    self, Raw as Packet, encode, read as read_packet, string,
};

use crate::{Program, connect, lesson};

/// A broker on a free port of the loopback interface, with a folder of its
/// own. Both end with this value.
pub struct Broker {
    kind: Kind,
    program: Program,
    port: Port,
    folder: Folder,
}

/// Which broker.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// The lesson `mqtt_broker`.
    Lesson,
    /// Eclipse Mosquitto, as its package installs it.
    Mosquitto,
}

impl Broker {
    /// Starts a broker and waits until it accepts connections.
    ///
    /// # Panics
    /// Where it is not installed or does not start.
    pub fn start(kind: Kind) -> Broker {
        let port = Port::free().expect("a free port");
        let folder = Folder::new("mqtt").expect("a folder for the broker");
        let program = run(kind, &port, &folder);
        Broker {
            kind,
            program,
            port,
            folder,
        }
    }

    /// Which broker it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The broker's process.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// The same, as the lessons take it.
    pub fn url(&self) -> String {
        format!("mqtt://localhost:{}", self.port.number())
    }

    /// Waits until this many subscriptions have come since it started: what is
    /// published from now on goes to them.
    ///
    /// # Panics
    /// At the deadline.
    pub fn wait_for_subscriptions(&self, count: usize) {
        let start = Instant::now();
        let came = || match self.kind {
            Kind::Lesson => {
                self.program.output().matches(" subscreve ").count()
            }
            Kind::Mosquitto => self.program.errors().matches("SUBACK").count(),
        };
        while came() < count {
            assert!(start.elapsed() < crate::DEADLINE, "no subscription");
            thread::sleep(Duration::from_millis(2));
        }
    }

    /// The names of the files that it has written.
    ///
    /// # Panics
    /// Where its folder has gone.
    pub fn files(&self) -> Vec<String> {
        fs::read_dir(self.folder.path())
            .expect("the broker's folder")
            .map(|file| file.expect("a file").file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .collect()
    }

    /// Presses Ctrl-C.
    pub fn interrupt(&mut self) {
        self.program.interrupt();
    }

    /// Kills it, as `kill -9` does.
    pub fn kill(&mut self) {
        self.program.kill();
    }

    /// Starts it again on the same port, after [`Broker::kill`].
    ///
    /// # Panics
    /// Where it does not start.
    pub fn restart(&mut self) {
        self.program = run(self.kind, &self.port, &self.folder);
    }
}

fn run(kind: Kind, port: &Port, folder: &Folder) -> Program {
    match kind {
        Kind::Lesson => {
            let address = port.address();
            let mut command = lesson("mqtt_broker");
            command.arg(address.to_string()).current_dir(folder.path());
            let program = Program::start(&mut command);
            assert_eq!(program.address(), address);
            program
        }
        Kind::Mosquitto => {
            let mut command = Command::new(mosquitto());
            command.args(["-v", "-p", &port.number().to_string()]);
            let program = Program::start(command.current_dir(folder.path()));
            program.wait_for_error(" running\n");
            program
        }
    }
}

/// Debian keeps servers, and Homebrew too, where only root looks.
fn mosquitto() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([
        "/usr/sbin".into(),
        "/usr/local/sbin".into(),
        "/opt/homebrew/sbin".into(),
        r"C:\Program Files\mosquitto".into(),
    ]);
    let name = format!("mosquitto{}", std::env::consts::EXE_SUFFIX);
    folders
        .map(|folder| folder.join(&name))
        .find(|program| program.exists())
        .expect("mosquitto is not installed; install it with: just setup")
}

/// What a client says of itself when it connects.
pub struct Hello<'a> {
    /// Its name; the broker makes one up for an empty one.
    pub id: &'a str,
    /// Whether it wants nothing kept from one connection to the next.
    pub clean_session: bool,
    /// The longest silence in seconds, 0 for any.
    pub keep_alive: u16,
    /// The topic and payload of its will, which is at QoS 1.
    pub will: Option<(&'a str, &'a str)>,
}

impl Default for Hello<'_> {
    fn default() -> Self {
        Hello {
            id: "",
            clean_session: true,
            keep_alive: 0,
            will: None,
        }
    }
}

/// A message as it arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Where it was published.
    pub topic: String,
    /// What it says.
    pub payload: String,
    /// The level at which it came.
    pub qos: u8,
    /// Whether the broker had kept it.
    pub retained: bool,
    /// Whether it says that it may have come before.
    pub repeated: bool,
    /// Its number, 0 at QoS 0.
    pub id: u16,
}

/// A client of MQTT 3.1.1 that sends and reads one packet at a time.
pub struct Client {
    /// Its connection, for what is not MQTT.
    pub stream: TcpStream,
    /// Whether the broker remembered its session.
    pub session_present: bool,
    id: u16,
    early: VecDeque<Packet>,
}

impl Client {
    /// Connects with a clean session and no name.
    pub fn new(address: SocketAddr) -> Client {
        Client::with(address, &Hello::default())
    }

    /// Connects.
    ///
    /// # Panics
    /// Where the broker refuses.
    pub fn with(address: SocketAddr, hello: &Hello) -> Client {
        let mut client = Client {
            stream: connect(address),
            session_present: false,
            id: 0,
            early: VecDeque::new(),
        };
        let mut flags = if hello.clean_session { 0b10 } else { 0 };
        let mut payload = string(hello.id);
        if let Some((topic, will)) = hello.will {
            flags |= 0b1100; // a will, at QoS 1
            payload.extend(string(topic));
            payload.extend(string(will));
        }
        let mut body = string("MQTT");
        body.extend([4, flags]);
        body.extend(hello.keep_alive.to_be_bytes());
        body.extend(payload);
        client.send(packet::CONNECT, &body);
        let answer = client.expect(packet::CONNACK);
        assert_eq!(answer[1], 0, "the broker refuses the connection");
        client.session_present = answer[0] == 1;
        client
    }

    /// Sends a packet.
    ///
    /// # Panics
    /// Where the connection is gone.
    pub fn send(&mut self, first: u8, body: &[u8]) {
        let bytes = encode(first, body);
        self.stream.write_all(&bytes).expect("send a packet");
    }

    /// Reads a packet; an error where the connection ends or time runs out.
    pub fn read(&mut self) -> io::Result<Packet> {
        read_packet(&mut self.stream)
    }

    /// Reads the packet that has to come now, and gives its body. Messages
    /// may come before it: they are kept for later.
    ///
    /// # Panics
    /// Where another one comes, or none.
    pub fn expect(&mut self, first: u8) -> Vec<u8> {
        loop {
            let packet = self.read().unwrap_or_else(|error| {
                panic!("no packet {first:#04x}, but: {error}")
            });
            if packet.first & 0xf0 == packet::PUBLISH {
                self.early.push_back(packet);
                continue;
            }
            assert_eq!(packet.first, first, "{packet:?}");
            return packet.body;
        }
    }

    /// Subscribes, and gives the level that the broker grants (0x80: none).
    ///
    /// # Panics
    /// Where the broker does not answer.
    pub fn subscribe(&mut self, filter: &str, qos: u8) -> u8 {
        self.id += 1;
        let mut body = self.id.to_be_bytes().to_vec();
        body.extend(string(filter));
        body.push(qos);
        self.send(packet::SUBSCRIBE, &body);
        self.expect(packet::SUBACK)[2]
    }

    /// Sends a PUBLISH and nothing more; `flags` are its lower four bits.
    ///
    /// # Panics
    /// Where the connection is gone.
    pub fn send_publish(
        &mut self,
        flags: u8,
        id: u16,
        topic: &str,
        payload: &str,
    ) {
        self.send(
            packet::PUBLISH | flags,
            &publish_body(flags, id, topic, payload),
        );
    }

    /// Publishes with the whole handshake of the level.
    ///
    /// # Panics
    /// Where the broker does not do its part.
    pub fn publish(&mut self, topic: &str, payload: &str, qos: u8) {
        self.publish_with_flags(topic, payload, qos << 1);
    }

    /// Publishes a message for the broker to keep.
    ///
    /// # Panics
    /// Where the broker does not do its part.
    pub fn publish_retained(&mut self, topic: &str, payload: &str, qos: u8) {
        self.publish_with_flags(topic, payload, qos << 1 | 1);
    }

    fn publish_with_flags(&mut self, topic: &str, payload: &str, flags: u8) {
        self.id += 1;
        let id = self.id;
        self.send_publish(flags, id, topic, payload);
        match flags >> 1 & 3 {
            0 => {}
            1 => self.expect_answer(packet::PUBACK, id),
            _ => {
                self.expect_answer(packet::PUBREC, id);
                self.send(packet::PUBREL, &id.to_be_bytes());
                self.expect_answer(packet::PUBCOMP, id);
            }
        }
    }

    /// Reads the answer that has to come now.
    ///
    /// # Panics
    /// Where another packet comes, or none.
    pub fn expect_answer(&mut self, first: u8, id: u16) {
        let body = self.expect(first);
        assert_eq!(body[..2], id.to_be_bytes(), "the answer to another");
    }

    /// Reads a PUBLISH and answers nothing.
    ///
    /// # Panics
    /// Where another packet comes, or none.
    pub fn read_publish(&mut self) -> Message {
        let early = self.early.pop_front().map(Ok);
        let packet = early.unwrap_or_else(|| self.read()).expect("a message");
        assert_eq!(packet.first & 0xf0, packet::PUBLISH, "{packet:?}");
        let qos = packet.first >> 1 & 3;
        let length =
            usize::from(u16::from_be_bytes([packet.body[0], packet.body[1]]));
        let (topic, rest) = packet.body[2..].split_at(length);
        let (id, payload) = match qos {
            0 => (0, rest),
            _ => (u16::from_be_bytes([rest[0], rest[1]]), &rest[2..]),
        };
        Message {
            topic: String::from_utf8_lossy(topic).into_owned(),
            payload: String::from_utf8_lossy(payload).into_owned(),
            qos,
            retained: packet.first & 1 == 1,
            repeated: packet.first & 8 == 8,
            id,
        }
    }

    /// Receives a message with the whole handshake of its level.
    ///
    /// # Panics
    /// Where none comes, or the broker does not do its part.
    pub fn receive(&mut self) -> Message {
        let message = self.read_publish();
        match message.qos {
            0 => {}
            1 => self.send(packet::PUBACK, &message.id.to_be_bytes()),
            _ => {
                self.send(packet::PUBREC, &message.id.to_be_bytes());
                self.expect_answer(packet::PUBREL, message.id);
                self.send(packet::PUBCOMP, &message.id.to_be_bytes());
            }
        }
        message
    }

    /// Whether nothing comes for [`PATIENCE`](crate::PATIENCE).
    ///
    /// # Panics
    /// Where the connection has ended.
    pub fn is_silent(&mut self) -> bool {
        if !self.early.is_empty() {
            return false;
        }
        let limit = |client: &Client, limit| {
            client.stream.set_read_timeout(limit).expect("a time limit");
        };
        limit(self, Some(crate::PATIENCE));
        let read = self.stream.peek(&mut [0]);
        limit(self, Some(crate::DEADLINE));
        match read {
            Ok(count) => {
                assert_ne!(count, 0, "the connection has ended");
                false
            }
            Err(error) => matches!(
                error.kind(),
                ErrorKind::WouldBlock | ErrorKind::TimedOut
            ),
        }
    }

    /// Says goodbye, and waits until the broker has closed the connection.
    ///
    /// # Panics
    /// Where it does not.
    pub fn disconnect(mut self) {
        self.send(packet::DISCONNECT, &[]);
        self.wait_for_end();
    }

    /// Waits until the broker closes the connection.
    ///
    /// # Panics
    /// Where it does not.
    pub fn wait_for_end(&mut self) {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
            Err(error) => panic!("the broker keeps the connection: {error}"),
        }
    }
}

/// The body of a PUBLISH.
pub fn publish_body(flags: u8, id: u16, topic: &str, payload: &str) -> Vec<u8> {
    let mut body = string(topic);
    if flags & 0b110 != 0 {
        body.extend(id.to_be_bytes());
    }
    body.extend(payload.as_bytes());
    body
}

/// A client's first connection to a broker that the test plays itself: the
/// CONNECT has been read, and nothing answered.
///
/// # Panics
/// Where no client comes.
pub fn accept(listener: &TcpListener) -> (TcpStream, Packet) {
    let (mut stream, _) = listener.accept().expect("a client");
    stream
        .set_read_timeout(Some(crate::DEADLINE))
        .expect("a time limit");
    let packet = read_packet(&mut stream).expect("a CONNECT");
    assert_eq!(packet.first, packet::CONNECT);
    (stream, packet)
}

/// A program and its broker hear Ctrl-C at the same moment, again and again,
/// and then the broker is killed first: the program's goodbye has no answer,
/// and it ends all the same. `start` gets the broker's URL, and waits until
/// the program is connected.
///
/// # Panics
/// Where it still runs after some seconds.
pub fn ends_beside_its_broker(
    mut broker: Broker,
    start: impl Fn(&str) -> Program,
) {
    for round in 0..25 {
        let mut program = start(&broker.url());
        if round % 2 == 0 {
            broker.interrupt();
            program.interrupt();
        } else {
            program.interrupt();
            broker.interrupt();
        }
        program.finish_within(GOODBYE);
        broker.kill();
        broker.restart();
    }
    let mut program = start(&broker.url());
    broker.kill();
    program.wait_for_error("Ligação perdida.\n");
    program.interrupt();
    program.finish_within(GOODBYE);
}

/// A broker that accepts the program and reads nothing more, and so does not
/// close the connection either: who presses Ctrl-C again does not wait for it.
/// `start` gets the broker's URL; the program has printed `connected` when the
/// first Ctrl-C comes.
///
/// # Panics
/// Where the program does not end at once.
pub fn ends_at_a_second_ctrl_c(
    start: impl FnOnce(&str) -> Program,
    connected: &str,
) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let address = listener.local_addr().expect("an address");
    let mut program = start(&format!("mqtt://{address}"));
    let (mut stream, _) = accept(&listener);
    stream
        .write_all(&[packet::CONNACK, 2, 0, 0])
        .expect("accept");
    program.wait_for(connected);
    let first = Instant::now();
    while program.is_running() {
        assert!(first.elapsed() < GOODBYE, "a second Ctrl-C ends nothing");
        program.interrupt();
        thread::sleep(Duration::from_millis(50));
    }
}

/// The longest that a program may take to say goodbye: two seconds, and room
/// for a machine that is busy.
const GOODBYE: Duration = Duration::from_secs(4);

/// A broker that accepts each client and hangs up at once: the program, which
/// gets the broker's URL, knocks about once a second, and not without a pause.
///
/// # Panics
/// Where it connects more often, or gives up.
pub fn knocks_about_once_a_second(start: impl FnOnce(&str) -> Program) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
    let address = listener.local_addr().expect("an address");
    let mut program = start(&format!("mqtt://{address}"));
    let mut times = Vec::new();
    for _ in 0..4 {
        let (mut stream, _) = accept(&listener);
        times.push(Instant::now());
        stream
            .write_all(&[packet::CONNACK, 2, 0, 0])
            .expect("accept");
    }
    let taken = times[3] - times[0];
    assert!(taken > Duration::from_millis(2500), "four in {taken:?}");
    assert!(program.is_running());
}

/// Makes a test of each of these functions for each broker:
/// `testkit::mqtt_broker_tests!(wildcards retained);`
#[macro_export]
macro_rules! mqtt_broker_tests {
    ($($check:ident)*) => {
        mod with_mqtt_broker {
            use testkit::mqtt::{Broker, Kind};
            $(
                #[test]
                fn $check() {
                    super::$check(Broker::start(Kind::Lesson));
                }
            )*
        }
        mod with_mosquitto {
            use testkit::mqtt::{Broker, Kind};
            $(
                #[test]
                fn $check() {
                    super::$check(Broker::start(Kind::Mosquitto));
                }
            )*
        }
    };
}
