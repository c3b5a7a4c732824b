//! The relay of TCP connections.

use std::collections::{BTreeSet, HashMap};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use mio::event::Event;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token};
use socket2::{Domain, SockRef, Socket, Type};

use super::{LISTENER, Order, Told, Work};
use crate::event::{Connection, Direction, Happening, Transport, Verdict};

/// How many connections may wait to be taken.
const BACKLOG: i32 = 1024;

/// How many bytes are read at once, which is also how many are kept where the
/// other side does not read.
const PIECE: usize = 64 * 1024;

/// How often one connection is read before the others have their turn.
const READS: usize = 8;

/// After this it is tried again to take connections, where the system had no
/// room for another one.
const PAUSE: Duration = Duration::from_millis(50);

pub struct Relay {
    address: SocketAddr,
    told: Told,
    port: Port,
    server: Option<SocketAddr>,
    /// The connections, by their numbers: two tokens each.
    links: HashMap<usize, Link>,
    next: usize,
    /// The links that have not yet done all that they can.
    ready: BTreeSet<usize>,
    /// Connections may be waiting that could not be taken.
    accepts_again: bool,
    buffer: Box<[u8]>,
}

/// The relay's own address.
enum Port {
    /// Nobody else can have it, and nobody listens.
    Kept(Socket),
    Listening(TcpListener),
    /// It could not be had back.
    Lost,
}

impl Relay {
    pub fn new(address: SocketAddr, told: Told) -> io::Result<Relay> {
        let socket = bind(address)?;
        let bound = socket.local_addr()?.as_socket();
        Ok(Relay {
            address: bound.ok_or(ErrorKind::AddrNotAvailable)?,
            told,
            port: Port::Kept(socket),
            server: None,
            links: HashMap::new(),
            next: 0,
            ready: BTreeSet::new(),
            accepts_again: false,
            buffer: vec![0; PIECE].into_boxed_slice(),
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    fn listen(&mut self, registry: &Registry) -> io::Result<()> {
        let socket = match std::mem::replace(&mut self.port, Port::Lost) {
            Port::Kept(socket) => socket,
            Port::Lost => bind(self.address)?,
            listening => {
                self.port = listening;
                return Ok(());
            }
        };
        socket.listen(BACKLOG)?;
        let mut listener = TcpListener::from_std(socket.into());
        registry.register(&mut listener, LISTENER, Interest::READABLE)?;
        self.port = Port::Listening(listener);
        Ok(())
    }

    fn stop_listening(&mut self) -> io::Result<()> {
        self.server = None;
        self.accepts_again = false;
        if !matches!(self.port, Port::Kept(_)) {
            // The listener goes before its port is bound again.
            self.port = Port::Lost;
            self.port = Port::Kept(bind(self.address)?);
        }
        Ok(())
    }

    fn accept(&mut self, registry: &Registry) {
        self.accepts_again = false;
        loop {
            let Port::Listening(listener) = &self.port else {
                return;
            };
            match listener.accept() {
                Ok((client, address)) => {
                    self.link(registry, client, address);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if is_passing(&error) => {}
                Err(_) => {
                    self.accepts_again = true;
                    return;
                }
            }
        }
    }

    /// Calls the server for a client that has come.
    fn link(
        &mut self,
        registry: &Registry,
        client: TcpStream,
        address: SocketAddr,
    ) {
        let Some(server) = self.server else {
            return reset(client);
        };
        let connection = self.told.connection(Transport::Tcp, address, server);
        let mut link = Link {
            id: self.told.recorder.connection(),
            connection: Arc::new(connection),
            connected: false,
            is_cut: false,
            untold: false,
            client: Side::new(client),
            server: Side::default(),
            to_server: Pipe::default(),
            to_client: Pipe::default(),
        };
        let number = self.next;
        self.next += 1;
        let called = TcpStream::connect(server).and_then(|called| {
            link.server = Side::new(called);
            link.register(registry, number)
        });
        match called {
            Ok(()) => {
                self.links.insert(number, link);
            }
            Err(_) => link.refuse(&self.told),
        }
    }

    fn happened(&mut self, event: &Event) {
        let token = event.token().0 - FIRST;
        let number = token / 2;
        if let Some(link) = self.links.get_mut(&number) {
            match token % 2 {
                0 => link.client.happened(event),
                _ => link.server.happened(event),
            }
            self.ready.insert(number);
        }
    }

    fn drive(&mut self, number: usize) {
        let Some(link) = self.links.get_mut(&number) else {
            return;
        };
        match link.drive(&self.told, &mut self.buffer) {
            Turn::Wait => {}
            Turn::Again => {
                self.ready.insert(number);
            }
            Turn::Over => {
                self.links.remove(&number);
            }
            Turn::Cut => {
                // Without its port the relay still does what it can.
                let _ = self.cut();
            }
        }
    }

    fn cut(&mut self) -> io::Result<()> {
        let stopped = self.stop_listening();
        self.links.retain(|number, link| {
            let lasts = link.cut(&self.told);
            if lasts {
                self.ready.insert(*number);
            }
            lasts
        });
        stopped
    }
}

impl Work for Relay {
    fn register(&mut self, _: &Poll) -> io::Result<()> {
        Ok(())
    }

    fn order(&mut self, order: Order, poll: &Poll) -> io::Result<()> {
        match order {
            Order::Forward(server) => {
                self.server = Some(server);
                self.listen(poll.registry())
            }
            Order::Refuse => self.stop_listening(),
            Order::Cut => self.cut(),
            Order::End => {
                // What ends only because the relay does is not told.
                for link in self.links.values_mut() {
                    link.untold = true;
                }
                let _ = self.cut();
                for number in std::mem::take(&mut self.ready) {
                    self.drive(number);
                }
                Ok(())
            }
        }
    }

    fn turn(
        &mut self,
        poll: &mut Poll,
        events: &mut Events,
        limit: Option<Duration>,
    ) -> io::Result<()> {
        let limit = match (self.ready.is_empty(), self.accepts_again) {
            (false, _) => Some(Duration::ZERO),
            (true, true) => limit.or(Some(PAUSE)),
            (true, false) => limit,
        };
        poll.poll(events, limit)?;
        let mut accepts = self.accepts_again;
        for event in &*events {
            match event.token() {
                LISTENER => accepts = true,
                Token(FIRST..) => self.happened(event),
                Token(_) => {} // the waker
            }
        }
        if accepts {
            self.accept(poll.registry());
        }
        for number in std::mem::take(&mut self.ready) {
            self.drive(number);
        }
        Ok(())
    }
}

/// The first link's first token.
const FIRST: usize = LISTENER.0 + 1;

/// A socket at this address that does not listen yet.
fn bind(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // On Windows it would let others take the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

/// Closes with a reset.
fn reset(stream: TcpStream) {
    // Where that fails, the connection is gone already.
    let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
}

fn is_passing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Interrupted
            | ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
    )
}

/// A client's connection and the server's, joined.
struct Link {
    id: u64,
    connection: Arc<Connection>,
    /// The server has taken the call.
    connected: bool,
    /// The client is gone, because the relay was cut.
    is_cut: bool,
    /// Nothing is told any more.
    untold: bool,
    client: Side,
    server: Side,
    to_server: Pipe,
    to_client: Pipe,
}

/// One of the two connections.
#[derive(Default)]
struct Side {
    stream: Option<TcpStream>,
    /// Reading may give something.
    readable: bool,
    /// Writing may take something.
    writable: bool,
    /// Its end has been announced: reading comes to it.
    closing: bool,
    /// It was reset. What came before is read all the same.
    failed: bool,
}

/// One of the two ways.
#[derive(Default)]
struct Pipe {
    /// What was read, and from where on it was not yet written.
    pending: Vec<u8>,
    start: usize,
    /// The sender has ended.
    ended: bool,
    /// The receiver was told so.
    shut: bool,
}

/// What a link does next.
enum Turn {
    /// Wait for an event.
    Wait,
    /// Go on, after the others.
    Again,
    /// Nothing: it is over.
    Over,
    /// It was cut, and with it all the others are.
    Cut,
}

/// What came of one way.
enum Passed {
    All,
    NotAll,
    /// This side was reset.
    Reset(Direction),
    Cut,
}

impl Side {
    fn new(stream: TcpStream) -> Side {
        // Two writes are not to wait for each other's acknowledgement. Where
        // this fails, the connection is gone, which shows when it is read.
        let _ = stream.set_nodelay(true);
        Side {
            stream: Some(stream),
            ..Side::default()
        }
    }

    /// Closes it with a reset.
    fn reset(&mut self) {
        if let Some(stream) = self.stream.take() {
            reset(stream);
        }
    }

    fn happened(&mut self, event: &Event) {
        self.closing |= event.is_read_closed();
        self.readable |= event.is_readable() || event.is_read_closed();
        self.writable |= event.is_writable() || event.is_write_closed();
        if event.is_error() {
            self.failed = true;
            self.readable = true;
        }
    }
}

impl Pipe {
    /// Writes what was read, as far as it goes.
    fn flush(&mut self, to: &mut Side) {
        while self.start < self.pending.len() {
            let Some(stream) = &mut to.stream else {
                self.start = self.pending.len();
                break;
            };
            if to.failed || !to.writable {
                return;
            }
            match stream.write(&self.pending[self.start..]) {
                Ok(count) => self.start += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    to.writable = false;
                    return;
                }
                Err(_) => {
                    to.failed = true;
                    to.readable = true;
                    return;
                }
            }
        }
        self.pending = Vec::new();
        self.start = 0;
    }
}

impl Link {
    fn register(
        &mut self,
        registry: &Registry,
        number: usize,
    ) -> io::Result<()> {
        let both = Interest::READABLE | Interest::WRITABLE;
        let first = FIRST + 2 * number;
        for (side, token) in
            [(&mut self.client, first), (&mut self.server, first + 1)]
        {
            if let Some(stream) = &mut side.stream {
                registry.register(stream, Token(token), both)?;
            }
        }
        Ok(())
    }

    /// There is no server: the client is told so.
    fn refuse(&mut self, told: &Told) {
        let refused = Happening::Refused(Arc::clone(&self.connection));
        self.tell(told, refused);
        self.client.reset();
    }

    /// Whether the server has taken the call; nothing as long as that is open.
    fn connects(&mut self) -> Option<bool> {
        let stream = self.server.stream.as_ref()?;
        if !(self.server.writable || self.server.failed) {
            return None;
        }
        match (stream.take_error(), stream.peer_addr()) {
            (Ok(None), Ok(_)) => Some(true),
            (Ok(None), Err(error))
                if error.kind() == ErrorKind::NotConnected
                    && !self.server.failed =>
            {
                None
            }
            _ => Some(false),
        }
    }

    /// Passes on what there is.
    fn drive(&mut self, told: &Told, buffer: &mut [u8]) -> Turn {
        if !self.connected {
            match self.connects() {
                None => return Turn::Wait,
                Some(false) => {
                    self.refuse(told);
                    return Turn::Over;
                }
                Some(true) => {
                    self.connected = true;
                    let opened = Arc::clone(&self.connection);
                    self.tell(told, Happening::Opened(opened));
                }
            }
        }
        let mut again = false;
        for direction in [Direction::ToServer, Direction::ToClient] {
            match self.pass(direction, told, buffer) {
                Passed::All => {}
                Passed::NotAll => again = true,
                Passed::Reset(by) => {
                    self.reset(by, told);
                    return Turn::Over;
                }
                Passed::Cut => return Turn::Cut,
            }
        }
        if self.to_server.shut && self.to_client.shut {
            self.tell(told, Happening::Closed);
            return Turn::Over;
        }
        match again {
            true => Turn::Again,
            false => Turn::Wait,
        }
    }

    fn tell(&self, told: &Told, what: Happening) -> Verdict {
        match self.untold {
            true => Verdict::Pass,
            false => told.recorder.tell(self.id, what),
        }
    }

    /// The sender and the receiver of one way, and what is between them.
    fn way(
        &mut self,
        direction: Direction,
    ) -> (&mut Side, &mut Pipe, &mut Side) {
        match direction {
            Direction::ToServer => {
                (&mut self.client, &mut self.to_server, &mut self.server)
            }
            Direction::ToClient => {
                (&mut self.server, &mut self.to_client, &mut self.client)
            }
        }
    }

    fn pass(
        &mut self,
        direction: Direction,
        told: &Told,
        buffer: &mut [u8],
    ) -> Passed {
        for _ in 0..READS {
            let (_, opposite, _) = self.way(direction.opposite());
            let answers = !opposite.ended;
            let (from, pipe, to) = self.way(direction);
            pipe.flush(to);
            if to.failed {
                // What it sent before is read first, where there can be any.
                return match answers {
                    true => Passed::NotAll,
                    false => Passed::Reset(direction.opposite()),
                };
            }
            if !pipe.pending.is_empty() {
                // Who was reset does not wait for the other one to read.
                return match from.failed {
                    true => Passed::Reset(direction),
                    false => Passed::All,
                };
            }
            if pipe.ended {
                if !pipe.shut {
                    pipe.shut = true;
                    if let Some(stream) = &to.stream {
                        // One that is gone already needs no goodbye.
                        let _ = stream.shutdown(Shutdown::Write);
                    }
                }
                return Passed::All;
            }
            let Some(stream) = from.stream.as_mut().filter(|_| from.readable)
            else {
                return Passed::All;
            };
            match stream.read(buffer) {
                Ok(0) if from.failed => return Passed::Reset(direction),
                Ok(0) => {
                    pipe.ended = true;
                    self.tell(told, Happening::HalfClosed(direction));
                }
                Ok(count) => {
                    let bytes = &buffer[..count];
                    let data = Happening::Data {
                        direction,
                        bytes: bytes.into(),
                    };
                    let verdict = self.tell(told, data);
                    let (from, pipe, _) = self.way(direction);
                    // On Unix, fewer bytes than there is room for are all that
                    // there are, and others will be announced.
                    if cfg!(unix) && count < PIECE {
                        from.readable = from.closing || from.failed;
                    }
                    if let Verdict::CutAfter(count) = verdict {
                        let bytes = bytes.get(..count).unwrap_or(bytes);
                        pipe.pending.extend_from_slice(bytes);
                        return Passed::Cut;
                    }
                    pipe.pending.extend_from_slice(bytes);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    from.readable = false;
                    return match from.failed {
                        true => Passed::Reset(direction),
                        false => Passed::All,
                    };
                }
                Err(_) => return Passed::Reset(direction),
            }
        }
        Passed::NotAll
    }

    /// Tells the other side that this one was reset.
    fn reset(&mut self, by: Direction, told: &Told) {
        self.tell(told, Happening::Reset(by));
        self.tell(told, Happening::Closed);
        let (_, _, to) = self.way(by);
        to.reset();
    }

    /// Ends it at both sides; whether the server has still to be told.
    fn cut(&mut self, told: &Told) -> bool {
        if self.is_cut {
            return true;
        }
        if !self.connected {
            self.refuse(told);
            return false;
        }
        self.tell(told, Happening::Closed);
        self.is_cut = true;
        self.untold = true;
        self.to_client.flush(&mut self.client);
        self.client.reset();
        self.to_server.ended = true;
        true
    }
}
