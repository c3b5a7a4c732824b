//! The relay of UDP datagrams.

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Registry, Token};
use socket2::{Domain, Socket, Type};

use super::{LISTENER, Order, Told, Work};
use crate::event::{Connection, Direction, Happening, Transport};

/// How many clients are known at a time.
const CLIENTS: usize = 1_000;

/// The longest datagram there can be, and one byte.
const LONGEST: usize = 64 * 1024;

/// How many bytes the system is asked to keep of what has come.
const WAITING: usize = 4 * 1024 * 1024;

/// How often one socket is read before the others have their turn.
const READS: usize = 64;

pub struct Relay {
    address: SocketAddr,
    told: Told,
    /// Where the clients send to.
    socket: UdpSocket,
    server: Option<SocketAddr>,
    clients: HashMap<SocketAddr, Client>,
    /// The clients, by the tokens of their sockets.
    tokens: HashMap<Token, SocketAddr>,
    next: usize,
    /// How many datagrams have passed.
    passed: u64,
    /// The sockets in which there may be another one.
    ready: Vec<Token>,
    buffer: Box<[u8]>,
}

/// A client, as the server sees it.
struct Client {
    id: u64,
    connection: Arc<Connection>,
    token: Token,
    socket: UdpSocket,
    /// The number of its last datagram.
    last: u64,
}

impl Relay {
    pub fn new(address: SocketAddr, told: Told) -> io::Result<Relay> {
        let socket = bind(address)?;
        Ok(Relay {
            address: socket.local_addr()?,
            told,
            socket,
            server: None,
            clients: HashMap::new(),
            tokens: HashMap::new(),
            next: LISTENER.0 + 1,
            passed: 0,
            ready: Vec::new(),
            buffer: vec![0; LONGEST].into_boxed_slice(),
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Passes on what clients have sent; whether there may be more.
    fn pass_there(&mut self, registry: &Registry) -> bool {
        for _ in 0..READS {
            let (count, from) = match self.socket.recv_from(&mut self.buffer) {
                Ok(received) => received,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return false;
                }
                // One sent back by a client that has gone, for example.
                Err(_) => continue,
            };
            let Some(server) = self.server else {
                continue;
            };
            self.passed += 1;
            if !self.clients.contains_key(&from) {
                match self.welcome(registry, from, server) {
                    Ok(client) => {
                        self.tokens.insert(client.token, from);
                        self.clients.insert(from, client);
                    }
                    // No socket for it: the datagram is lost.
                    Err(_) => continue,
                }
            }
            if let Some(client) = self.clients.get_mut(&from) {
                client.last = self.passed;
                let bytes = &self.buffer[..count];
                client.tell(&self.told, Direction::ToServer, bytes);
                // One for which there is no room is lost, as on any network.
                let _ = client.socket.send(bytes);
            }
        }
        true
    }

    fn welcome(
        &mut self,
        registry: &Registry,
        from: SocketAddr,
        server: SocketAddr,
    ) -> io::Result<Client> {
        if self.clients.len() == CLIENTS {
            let silent = self.clients.iter().min_by_key(|(_, one)| one.last);
            if let Some(address) = silent.map(|(address, _)| *address) {
                self.forget(address);
            }
        }
        let any = match server {
            SocketAddr::V4(_) => SocketAddr::from(([127, 0, 0, 1], 0)),
            SocketAddr::V6(_) => {
                SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, 0))
            }
        };
        let mut socket = bind(any)?;
        socket.connect(server)?;
        let token = Token(self.next);
        self.next += 1;
        registry.register(&mut socket, token, Interest::READABLE)?;
        let client = Client {
            id: self.told.recorder.connection(),
            connection: Arc::new(self.told.connection(
                Transport::Udp,
                from,
                server,
            )),
            token,
            socket,
            last: self.passed,
        };
        let opened = Happening::Opened(Arc::clone(&client.connection));
        self.told.recorder.tell(client.id, opened);
        Ok(client)
    }

    fn forget(&mut self, address: SocketAddr) {
        if let Some(client) = self.clients.remove(&address) {
            self.tokens.remove(&client.token);
            self.told.recorder.tell(client.id, Happening::Closed);
        }
    }

    /// Passes on what the server has sent to this client; whether there may be
    /// more.
    fn pass_back(&mut self, address: SocketAddr) -> bool {
        let Some(client) = self.clients.get_mut(&address) else {
            return false;
        };
        for _ in 0..READS {
            match client.socket.recv(&mut self.buffer) {
                Ok(count) => {
                    self.passed += 1;
                    client.last = self.passed;
                    let bytes = &self.buffer[..count];
                    client.tell(&self.told, Direction::ToClient, bytes);
                    let _ = self.socket.send_to(bytes, address);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return false;
                }
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::ConnectionRefused
                            | ErrorKind::ConnectionReset
                    ) =>
                {
                    let connection = Arc::clone(&client.connection);
                    let refused = Happening::Refused(connection);
                    self.told.recorder.tell(client.id, refused);
                }
                Err(_) => {}
            }
        }
        true
    }

    fn forget_all(&mut self) {
        let addresses: Vec<SocketAddr> = self.clients.keys().copied().collect();
        for address in addresses {
            self.forget(address);
        }
    }
}

impl Client {
    fn tell(&self, told: &Told, direction: Direction, bytes: &[u8]) {
        let bytes = bytes.into();
        let datagram = Happening::Datagram { direction, bytes };
        told.recorder.tell(self.id, datagram);
    }
}

impl Work for Relay {
    fn register(&mut self, poll: &Poll) -> io::Result<()> {
        let registry = poll.registry();
        registry.register(&mut self.socket, LISTENER, Interest::READABLE)
    }

    fn order(&mut self, order: Order, _: &Poll) -> io::Result<()> {
        match order {
            Order::Forward(server) => {
                if self.server != Some(server) {
                    // Who is known is known to another server.
                    self.forget_all();
                }
                self.server = Some(server);
            }
            Order::Refuse => self.server = None,
            Order::Cut => {
                self.server = None;
                self.forget_all();
            }
            // What ends only because the relay does is not told.
            Order::End => self.server = None,
        }
        Ok(())
    }

    fn turn(
        &mut self,
        poll: &mut Poll,
        events: &mut Events,
        limit: Option<Duration>,
    ) -> io::Result<()> {
        let limit = match self.ready.is_empty() {
            true => limit,
            false => Some(Duration::ZERO),
        };
        poll.poll(events, limit)?;
        let mut ready = std::mem::take(&mut self.ready);
        ready.extend(events.iter().map(mio::event::Event::token));
        ready.sort_unstable();
        ready.dedup();
        for token in ready {
            let more = match (token, self.tokens.get(&token)) {
                (LISTENER, _) => self.pass_there(poll.registry()),
                (_, Some(address)) => self.pass_back(*address),
                (_, None) => false, // the waker, or one that was forgotten
            };
            if more {
                self.ready.push(token);
            }
        }
        Ok(())
    }
}

/// A socket at this address, with room for what comes in a burst.
fn bind(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, None)?;
    // It may be given less; what matters is that a burst is not lost here.
    let _ = socket.set_recv_buffer_size(WAITING);
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(UdpSocket::from_std(socket.into()))
}
