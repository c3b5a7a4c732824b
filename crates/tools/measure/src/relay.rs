//! A relay between a client and a server that keeps what passes: the bytes on
//! the wire are counted here, and by neither of the two.
//!
//! It sees what the program's protocol puts into TCP or UDP. The headers of
//! TCP, UDP and IP below are the system's, and do not pass through here.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wire::{Direction, Ends, Event, Happening, Recorder};

/// A relay to one server.
pub struct Relay {
    relay: wire::Relay,
    passed: Arc<Mutex<Passed>>,
}

/// What has passed so far.
#[derive(Clone, Default)]
pub struct Passed {
    /// From the client to the server.
    pub there: Vec<u8>,
    /// From the server to the client.
    pub back: Vec<u8>,
}

impl Relay {
    /// A relay of TCP connections to this server.
    ///
    /// # Errors
    /// Where the system has no port or no thread left.
    pub fn tcp(server: SocketAddr) -> io::Result<Relay> {
        Relay::start(server, wire::Relay::tcp)
    }

    /// A relay of datagrams to this UDP server.
    ///
    /// # Errors
    /// Where the system has no port or no thread left.
    pub fn udp(server: SocketAddr) -> io::Result<Relay> {
        Relay::start(server, wire::Relay::udp)
    }

    fn start(
        server: SocketAddr,
        relay: fn(SocketAddr, Ends, &Recorder) -> io::Result<wire::Relay>,
    ) -> io::Result<Relay> {
        let passed = Arc::<Mutex<Passed>>::default();
        let kept = Arc::clone(&passed);
        let recorder = Recorder::new(move |event: Event| match event.what {
            Happening::Data { direction, bytes }
            | Happening::Datagram { direction, bytes } => {
                let mut kept = lock(&kept);
                match direction {
                    Direction::ToServer => kept.there.extend_from_slice(&bytes),
                    Direction::ToClient => kept.back.extend_from_slice(&bytes),
                }
            }
            _ => {}
        });
        let ends = Ends {
            client: "client".into(),
            server: "server".into(),
            documented: None,
        };
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let relay = relay(any_port, ends, &recorder)?;
        relay.forward_to(server)?;
        Ok(Relay { relay, passed })
    }

    /// Where the client finds the server now.
    pub fn address(&self) -> SocketAddr {
        self.relay.address()
    }

    /// All that has passed so far. What a client has received has passed.
    pub fn passed(&self) -> Passed {
        lock(&self.passed).clone()
    }
}

fn lock(passed: &Mutex<Passed>) -> MutexGuard<'_, Passed> {
    passed.lock().unwrap_or_else(PoisonError::into_inner)
}
