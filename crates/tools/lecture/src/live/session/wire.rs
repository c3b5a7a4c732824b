//! The relays of a session: one between each program and each server that it
//! speaks to, so that it is known whose a connection is.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::SystemTime;

use programs::Port;
use transcript::Ports;
use wire::{Ends, Recorder, Recording, Relay, pcapng};

use crate::live::event::{Number, Outbox};
use crate::live::relayed::{Known, Relayed, Shown};

/// How much is kept for a capture, in bytes.
const KEPT: usize = 64 << 20;

/// Where the programs of a session find each other.
pub struct Wire {
    recorder: Recorder,
    recording: Recording,
    shown: Shown,
    /// By their documented ports.
    servers: BTreeMap<u16, Server>,
    /// By the terminal, and the documented port that it connects to.
    links: BTreeMap<(Number, u16), Link>,
}

/// A server's place, whether one is there or not.
struct Server {
    port: Port,
    /// The terminal that listens there now.
    listening: Option<Number>,
}

/// What stands between a program and a server: each kind of transport goes
/// through a relay of its own, at the same port.
struct Link {
    port: Port,
    relays: [Relay; 2],
}

impl Wire {
    /// Nothing yet; what will pass is told to this session of the page.
    pub fn new(outbox: Arc<Outbox>, session: u64) -> Wire {
        let shown = Shown::default();
        let recording = Recording::new(KEPT);
        let relayed = Relayed::new(
            outbox,
            session,
            Arc::clone(&shown),
            recording.clone(),
        );
        Wire {
            recorder: Recorder::new(relayed),
            recording,
            shown,
            servers: BTreeMap::new(),
            links: BTreeMap::new(),
        }
    }

    /// Says what runs in a terminal.
    pub fn name(&self, terminal: Number, name: &str) {
        self.known().names.insert(name.to_string(), terminal);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ports that a program is to use instead of the documented ones.
    ///
    /// # Errors
    /// There is no port left.
    pub fn ports(
        &mut self,
        terminal: (Number, &str),
        listens: &[u16],
        connects: &[(u16, String)],
    ) -> io::Result<Ports> {
        let mut ports = Ports::default();
        for documented in listens {
            let server = self.server(*documented)?;
            let real = server.port.number();
            ports.insert(*documented, real);
            self.known().ports.insert(real, *documented);
        }
        for (documented, server) in connects {
            let link = self.link(terminal, *documented, server)?;
            let real = link.port.number();
            ports.insert(*documented, real);
            self.known().ports.insert(real, *documented);
        }
        Ok(ports)
    }

    fn server(&mut self, documented: u16) -> io::Result<&mut Server> {
        Ok(match self.servers.entry(documented) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(Server {
                port: Port::free()?,
                listening: None,
            }),
        })
    }

    fn link(
        &mut self,
        (terminal, client): (Number, &str),
        documented: u16,
        server: &str,
    ) -> io::Result<&Link> {
        let to = self.server(documented)?.address_if_listening();
        Ok(match self.links.entry((terminal, documented)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let port = Port::free()?;
                let at = loopback(port.number());
                let ends = Ends {
                    client: client.to_string(),
                    server: server.to_string(),
                    documented: Some(loopback(documented)),
                };
                let relays = [
                    Relay::tcp(at, ends.clone(), &self.recorder)?,
                    Relay::udp(at, ends, &self.recorder)?,
                ];
                if let Some(to) = to {
                    for relay in &relays {
                        relay.forward_to(to)?;
                    }
                }
                new.insert(Link { port, relays })
            }
        })
    }

    /// Looks whether a program says that it listens; then it can be reached.
    /// Gives the documented ports.
    ///
    /// # Errors
    /// A relay cannot be had back.
    pub fn heard(
        &mut self,
        terminal: Number,
        text: &str,
    ) -> io::Result<Vec<u16>> {
        let mut served = Vec::new();
        let found = self.servers.iter_mut().filter(|(_, server)| {
            let port = format!(":{}", server.port.number());
            server.listening.is_none() && text.contains(&port)
        });
        for (documented, server) in found {
            server.listening = Some(terminal);
            served.push(*documented);
            let to = loopback(server.port.number());
            let links =
                self.links.iter().filter(|(key, _)| key.1 == *documented);
            for relay in links.flat_map(|(_, link)| &link.relays) {
                relay.forward_to(to)?;
            }
        }
        Ok(served)
    }

    /// A program has ended: where it listened, nobody does. Gives the
    /// documented ports.
    ///
    /// # Errors
    /// A relay's port cannot be kept.
    pub fn ended(&mut self, terminal: Number) -> io::Result<Vec<u16>> {
        let mut left = Vec::new();
        for (documented, server) in &mut self.servers {
            if server.listening != Some(terminal) {
                continue;
            }
            server.listening = None;
            left.push(*documented);
            let links =
                self.links.iter().filter(|(key, _)| key.1 == *documented);
            for relay in links.flat_map(|(_, link)| &link.relays) {
                relay.refuse()?;
            }
        }
        Ok(left)
    }

    /// What passed so far.
    pub fn recorded(&self) -> Recorded {
        Recorded {
            recording: self.recording.clone(),
            started: self.recorder.started(),
        }
    }
}

impl Server {
    fn address_if_listening(&self) -> Option<SocketAddr> {
        self.listening.map(|_| loopback(self.port.number()))
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// What the relays of a session have recorded.
pub struct Recorded {
    recording: Recording,
    started: SystemTime,
}

impl Recorded {
    /// A file that Wireshark opens.
    ///
    /// # Errors
    /// It is longer than such a file can be.
    pub fn capture(&self) -> io::Result<Vec<u8>> {
        pcapng::write(Vec::new(), self.started, &self.recording.events())
    }

    /// How many events were not kept.
    pub fn left_out(&self) -> u64 {
        self.recording.left_out().events
    }
}
