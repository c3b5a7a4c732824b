//! A relay between programs, which tells what passes.

mod tcp;
mod udp;

use std::io;
use std::net::SocketAddr;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mio::{Events, Poll, Token, Waker};

use crate::event::{Connection, Endpoint, Recorder, Transport};

/// The token of the waker. The relay's own socket has the next one.
const WAKER: Token = Token(0);
const LISTENER: Token = Token(1);

/// How often a relay that ends looks for what has come already.
const LAST_TURNS: usize = 100;

/// Who is at the ends of a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ends {
    /// The name of the program that connects to the relay.
    pub client: String,
    /// The name of the program that the relay forwards to.
    pub server: String,
    /// The address that stands for the server's where it is shown, where it is
    /// not the real one.
    pub documented: Option<SocketAddr>,
}

/// A relay: what clients send to its address goes on to a server, and what
/// that one answers comes back; byte for byte, with the ends and the resets.
///
/// A side that does not read keeps the other one from sending: a connection
/// takes no more than a few hundred KiB here, and two file descriptors. One
/// thread serves all the connections of a relay. On two cores, 55,000 round
/// trips of 16 bytes a second become 24,000 on one connection, and 42,000
/// become 30,000 on a thousand (`cargo run --release -p wire --example
/// round_trips`). When the relay is dropped,
/// what has come is passed on and told; then its connections end as with
/// [`cut`](Relay::cut), which is not told: nobody at their ends did it.
pub struct Relay {
    address: SocketAddr,
    orders: Sender<(Order, Sender<io::Result<()>>)>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

/// What a relay is told to do.
enum Order {
    Forward(SocketAddr),
    Refuse,
    Cut,
    End,
}

impl Relay {
    /// A relay of TCP connections, at this address (port 0: a free one). Until
    /// it knows where to [forward](Relay::forward_to), connections are refused
    /// by the system, as where nobody listens.
    ///
    /// # Errors
    /// The address is taken, or not one of this machine's.
    pub fn tcp(
        address: SocketAddr,
        ends: Ends,
        recorder: &Recorder,
    ) -> io::Result<Relay> {
        let tcp = tcp::Relay::new(address, Told::new(ends, recorder))?;
        let address = tcp.address();
        Relay::start(address, tcp)
    }

    /// A relay of UDP datagrams, at this address (port 0: a free one). Until it
    /// knows where to [forward](Relay::forward_to), they are lost.
    ///
    /// To the server, each client is an address of its own; 1,000 clients are
    /// known at a time, and the one that has been silent for longest is
    /// forgotten first.
    ///
    /// # Errors
    /// The address is taken, or not one of this machine's.
    pub fn udp(
        address: SocketAddr,
        ends: Ends,
        recorder: &Recorder,
    ) -> io::Result<Relay> {
        let udp = udp::Relay::new(address, Told::new(ends, recorder))?;
        let address = udp.address();
        Relay::start(address, udp)
    }

    fn start(
        address: SocketAddr,
        mut work: impl Work + Send + 'static,
    ) -> io::Result<Relay> {
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let (orders, given) = mpsc::channel();
        work.register(&poll)?;
        let thread = thread::Builder::new()
            .name(format!("relay {address}"))
            .spawn(move || run(work, poll, &given))?;
        Ok(Relay {
            address,
            orders,
            waker,
            thread: Some(thread),
        })
    }

    /// Where the clients find the relay.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on, what comes goes to this server. Connections that are there
    /// stay with theirs.
    ///
    /// # Errors
    /// The relay's own port could not be had back after a
    /// [`refuse`](Relay::refuse).
    pub fn forward_to(&self, server: SocketAddr) -> io::Result<()> {
        self.order(Order::Forward(server))
    }

    /// From now on, nobody listens here. Connections that are there stay.
    ///
    /// # Errors
    /// The relay's own port could not be kept.
    pub fn refuse(&self) -> io::Result<()> {
        self.order(Order::Refuse)
    }

    /// Ends all connections: the clients have a reset, and the servers the end
    /// after what went by before, as when a program dies. From now on, nobody
    /// listens here.
    ///
    /// # Errors
    /// The relay's own port could not be kept.
    pub fn cut(&self) -> io::Result<()> {
        self.order(Order::Cut)
    }

    fn order(&self, order: Order) -> io::Result<()> {
        let ended = || io::Error::other("the relay has ended");
        let (done, answer) = mpsc::channel();
        self.orders.send((order, done)).map_err(|_| ended())?;
        self.waker.wake()?;
        answer.recv().map_err(|_| ended())?
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.order(Order::End);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What a relay's thread does.
trait Work {
    /// Asks to be told of its own socket.
    fn register(&mut self, poll: &Poll) -> io::Result<()>;

    fn order(&mut self, order: Order, poll: &Poll) -> io::Result<()>;

    /// Waits for the next events, for no longer than this, and does what they
    /// ask for. Returns at once when an order has come.
    fn turn(
        &mut self,
        poll: &mut Poll,
        events: &mut Events,
        limit: Option<Duration>,
    ) -> io::Result<()>;
}

type Orders = Receiver<(Order, Sender<io::Result<()>>)>;

fn run(mut work: impl Work, mut poll: Poll, orders: &Orders) {
    let mut events = Events::with_capacity(1024);
    loop {
        while let Ok((order, done)) = orders.try_recv() {
            let ends = matches!(order, Order::End);
            if ends {
                // What has come already is passed on, ends among it.
                for _ in 0..LAST_TURNS {
                    let now = Some(Duration::ZERO);
                    match work.turn(&mut poll, &mut events, now) {
                        Ok(()) if events.is_empty() => break,
                        Ok(()) => {}
                        Err(_) => break,
                    }
                }
            }
            let outcome = work.order(order, &poll);
            if ends {
                // Before anyone can think that the port is free.
                drop(work);
                let _ = done.send(outcome);
                return;
            }
            let _ = done.send(outcome);
        }
        match work.turn(&mut poll, &mut events, None) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Without events there is nothing to relay: the connections end.
            Err(_) => return,
        }
    }
}

/// Who is at the ends, and who is told.
struct Told {
    ends: Ends,
    recorder: Recorder,
}

impl Told {
    fn new(ends: Ends, recorder: &Recorder) -> Told {
        Told {
            ends,
            recorder: recorder.clone(),
        }
    }

    fn connection(
        &self,
        transport: Transport,
        client: SocketAddr,
        server: SocketAddr,
    ) -> Connection {
        Connection {
            transport,
            client: Endpoint {
                name: self.ends.client.clone(),
                address: client,
            },
            server: Endpoint {
                name: self.ends.server.clone(),
                address: server,
            },
            documented: self.ends.documented.unwrap_or(server),
        }
    }
}
