//! What the programs of a lesson send each other, kept for Wireshark.

use std::fs::File;
use std::io::{self, BufWriter};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use programs::Port;
use transcript::Transcript;
use wire::{Ends, Recorder, Recording, Relay, pcapng};

/// How much is kept, in bytes.
const KEPT: usize = 64 << 20;

/// The relays between the programs, and what has passed through them.
pub struct Capture {
    file: File,
    recorder: Recorder,
    recording: Recording,
    links: Vec<Link>,
    /// The programs that listen, with their documented ports.
    servers: Vec<(u16, String)>,
}

/// Between a program and a port: each transport has a relay of its own.
struct Link {
    _relays: [Relay; 2],
    _port: Port,
}

impl Capture {
    /// Nothing yet, to be written to this file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn new(transcript: &Transcript, file: &Path) -> io::Result<Capture> {
        let file = File::create(file)?;
        let recording = Recording::new(KEPT);
        let servers = transcript.terminals.iter().flat_map(|terminal| {
            let name = terminal.name().to_string();
            terminal
                .listens()
                .iter()
                .map(move |port| (*port, name.clone()))
        });
        Ok(Capture {
            file,
            recorder: Recorder::new(recording.clone()),
            recording,
            links: Vec::new(),
            servers: servers.collect(),
        })
    }

    /// The port at which this program finds what listens on a documented
    /// port, and really on the other.
    ///
    /// # Errors
    /// There is no port left.
    pub fn link(
        &mut self,
        client: &str,
        documented: u16,
        real: u16,
    ) -> io::Result<u16> {
        let server = self.servers.iter().find(|(port, _)| *port == documented);
        let ends = Ends {
            client: client.to_string(),
            // The only one that is not of the lesson.
            server: server.map_or("rabbitmq", |(_, name)| name).to_string(),
            documented: Some(loopback(documented)),
        };
        let port = Port::free()?;
        let number = port.number();
        let relays = [
            Relay::tcp(loopback(number), ends.clone(), &self.recorder)?,
            Relay::udp(loopback(number), ends, &self.recorder)?,
        ];
        for relay in &relays {
            relay.forward_to(loopback(real))?;
        }
        self.links.push(Link {
            _relays: relays,
            _port: port,
        });
        Ok(number)
    }

    /// Writes the file, when the programs have ended. Gives how many events
    /// were too many.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(self) -> io::Result<u64> {
        drop(self.links); // what has come passes first
        let to = BufWriter::new(self.file);
        let events = self.recording.events();
        pcapng::write(to, self.recorder.started(), &events)?;
        Ok(self.recording.left_out().events)
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
