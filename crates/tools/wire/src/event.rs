//! What happens on the wire, and who is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// Something that happened on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When, since the recorder was made; never earlier than the event before.
    pub at: Duration,
    /// The connection's number, which no other one of the recorder has.
    pub connection: u64,
    /// What happened.
    pub what: Happening,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A client was connected to the server; or, over UDP, sent for the first
    /// time.
    Opened(Arc<Connection>),
    /// A client came, and there was no server: it was told so with a reset.
    Refused(Arc<Connection>),
    /// Bytes of a TCP stream, as they were read at once.
    Data {
        /// Who sent them.
        direction: Direction,
        /// The bytes.
        bytes: Arc<[u8]>,
    },
    /// A datagram.
    Datagram {
        /// Who sent it.
        direction: Direction,
        /// The bytes.
        bytes: Arc<[u8]>,
    },
    /// One side will send nothing more (FIN).
    HalfClosed(Direction),
    /// One side is gone, and the other one was told so (RST).
    Reset(Direction),
    /// Nothing more will happen here: both sides have closed, one was reset,
    /// or the relay cut the connection or, over UDP, forgot it.
    Closed,
}

/// Which way something goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client to the server.
    ToServer,
    /// From the server to the client.
    ToClient,
}

impl Direction {
    /// The other way.
    pub fn opposite(self) -> Direction {
        match self {
            Direction::ToServer => Direction::ToClient,
            Direction::ToClient => Direction::ToServer,
        }
    }
}

/// A connection, and who is at its ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// What it is made of.
    pub transport: Transport,
    /// Who began. Its address is the one that the relay sees.
    pub client: Endpoint,
    /// Who was called. Its address is the real one, behind the relay.
    pub server: Endpoint,
    /// The address that stands for the server's where it is shown: the one in
    /// the lesson.
    pub documented: SocketAddr,
}

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The program's name.
    pub name: String,
    /// The IP address and the port.
    pub address: SocketAddr,
}

/// What a connection is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// A stream of bytes.
    Tcp,
    /// Datagrams between the same two addresses.
    Udp,
}

/// Who is told what happens.
///
/// It is called for one event after the other, before the relay passes on what
/// the event is about; who has a byte can see it here. A sink that waits makes
/// the programs wait.
pub trait Sink: Send {
    /// Takes an event, and says what is to become of its data.
    fn event(&mut self, event: Event) -> Verdict;
}

/// What becomes of the data of an event. For an event without data it means
/// nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Pass,
    /// So many of its bytes go on, and then the network between the two is
    /// gone: the receiver has these and the end, and the sender a reset.
    CutAfter(usize),
}

/// A function that looks, and lets everything pass.
impl<F: FnMut(Event) + Send> Sink for F {
    fn event(&mut self, event: Event) -> Verdict {
        self(event);
        Verdict::Pass
    }
}

/// Where relays tell what happens. A clone tells it to the same sink, so that
/// the events of several relays have one order and one time.
#[derive(Clone)]
pub struct Recorder {
    inner: Arc<Mutex<Inner>>,
    started: SystemTime,
}

struct Inner {
    sink: Box<dyn Sink>,
    start: Instant,
    connections: u64,
}

impl Recorder {
    /// A recorder whose time begins now.
    pub fn new(sink: impl Sink + 'static) -> Recorder {
        let inner = Inner {
            sink: Box::new(sink),
            start: Instant::now(),
            connections: 0,
        };
        Recorder {
            inner: Arc::new(Mutex::new(inner)),
            started: SystemTime::now(),
        }
    }

    /// When its time began.
    pub fn started(&self) -> SystemTime {
        self.started
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of a new connection: 1 for the first one.
    pub(crate) fn connection(&self) -> u64 {
        let mut inner = self.lock();
        inner.connections += 1;
        inner.connections
    }

    pub(crate) fn tell(&self, connection: u64, what: Happening) -> Verdict {
        let mut inner = self.lock();
        let at = inner.start.elapsed();
        inner.sink.event(Event {
            at,
            connection,
            what,
        })
    }
}

/// Events that are kept, up to a number of bytes.
///
/// A clone is the same recording, so that one can be the recorder's sink and
/// the other one be read.
#[derive(Clone)]
pub struct Recording {
    kept: Arc<Mutex<Kept>>,
}

struct Kept {
    events: Vec<Event>,
    room: usize,
    left_out: LeftOut,
}

/// What a recording did not keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// How many events.
    pub events: u64,
    /// How many bytes of data were in them.
    pub bytes: u64,
}

impl Recording {
    /// A recording that takes up to so many bytes of memory, more or less. It
    /// keeps what comes first.
    pub fn new(limit: usize) -> Recording {
        let kept = Kept {
            events: Vec::new(),
            room: limit,
            left_out: LeftOut::default(),
        };
        Recording {
            kept: Arc::new(Mutex::new(kept)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was kept so far.
    pub fn events(&self) -> Vec<Event> {
        self.lock().events.clone()
    }

    /// What was not kept.
    pub fn left_out(&self) -> LeftOut {
        self.lock().left_out
    }
}

impl Sink for Recording {
    fn event(&mut self, event: Event) -> Verdict {
        let data = match &event.what {
            Happening::Data { bytes, .. }
            | Happening::Datagram { bytes, .. } => bytes.len(),
            _ => 0,
        };
        let mut kept = self.lock();
        match kept.room.checked_sub(size_of::<Event>() + data) {
            // What comes after something that is missing is left out, too.
            Some(room) if kept.left_out.events == 0 => {
                kept.room = room;
                kept.events.push(event);
            }
            _ => {
                kept.left_out.events += 1;
                kept.left_out.bytes += data as u64;
            }
        }
        Verdict::Pass
    }
}
