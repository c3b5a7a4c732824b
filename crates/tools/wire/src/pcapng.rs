//! Writes what was recorded as a capture that Wireshark opens: pcapng
//! (<https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html>).
//!
//! The relay sees what the programs send, and not the system's headers below
//! it. These are made up here, as an orderly network would have them: IP and
//! TCP or UDP, with the right numbers and checksums.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::event::{Connection, Direction, Event, Happening, Transport};

/// The most bytes of data in a TCP segment: what fits in an Ethernet frame.
const SEGMENT: usize = 1460;

/// What the captured packets begin with: an IP header, of either version.
const LINKTYPE_RAW: u16 = 101;

// The flags of TCP (RFC 9293, 3.1).
const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const PSH: u8 = 8;
const ACK: u8 = 16;

// The protocols in IP's header.
const TCP: u8 = 6;
const UDP: u8 = 17;

/// Writes a capture of what a recorder told, whose time began
/// [then](crate::Recorder::started); gives back where it was written.
///
/// # Errors
/// It cannot be written.
pub fn write<'a, W: Write>(
    to: W,
    started: SystemTime,
    events: impl IntoIterator<Item = &'a Event>,
) -> io::Result<W> {
    let mut writer = Writer::new(to, started)?;
    for event in events {
        writer.write(event)?;
    }
    writer.to.flush()?;
    Ok(writer.to)
}

/// Writes events to a capture, one after the other.
struct Writer<W> {
    to: W,
    /// When the recorder's time began, since 1970.
    started: Duration,
    streams: HashMap<u64, Stream>,
    /// The pairs of addresses that connections have had.
    used: HashSet<(SocketAddr, SocketAddr)>,
    /// The identification of the last IPv4 packet.
    identification: u16,
}

/// A connection, as far as it has gone.
struct Stream {
    transport: Transport,
    client: End,
    server: End,
    /// What is said about it at its first packet.
    comment: Option<String>,
}

/// One end of a connection.
struct End {
    address: SocketAddr,
    /// The number of the next byte that it sends.
    next: u32,
    /// It sends nothing more.
    ended: bool,
}

impl<W: Write> Writer<W> {
    /// Begins a capture.
    fn new(mut to: W, started: SystemTime) -> io::Result<Writer<W>> {
        let mut section = Vec::new();
        section.extend(0x1a2b_3c4d_u32.to_le_bytes()); // the byte order
        section.extend(1_u16.to_le_bytes()); // version 1.0
        section.extend(0_u16.to_le_bytes());
        section.extend((-1_i64).to_le_bytes()); // its length is not said
        block(&mut to, 0x0a0d_0d0a, &section)?;

        let mut interface = Vec::new();
        interface.extend(LINKTYPE_RAW.to_le_bytes());
        interface.extend([0; 2]);
        interface.extend(0_u32.to_le_bytes()); // packets are whole
        option(&mut interface, 2, b"relay"); // if_name
        option(&mut interface, 9, &[9]); // if_tsresol: nanoseconds
        option(&mut interface, 0, &[]);
        block(&mut to, 1, &interface)?;
        Ok(Writer {
            to,
            started: started.duration_since(UNIX_EPOCH).unwrap_or_default(),
            streams: HashMap::new(),
            used: HashSet::new(),
            identification: 0,
        })
    }

    /// Writes the packets of an event. The server's address is the documented
    /// one, so that Wireshark knows the protocol by the port.
    fn write(&mut self, event: &Event) -> io::Result<()> {
        let at = self.started + event.at;
        let id = event.connection;
        let mut stream = match &event.what {
            Happening::Opened(connection) => self.stream(connection),
            Happening::Refused(connection)
                if connection.transport == Transport::Tcp =>
            {
                self.stream(connection)
            }
            _ => match self.streams.remove(&id) {
                Some(stream) => stream,
                None => return Ok(()), // its beginning was not recorded
            },
        };
        if self.write_packets(at, &mut stream, &event.what)? {
            self.streams.insert(id, stream);
        }
        Ok(())
    }

    /// A connection that begins.
    fn stream(&mut self, connection: &Connection) -> Stream {
        let mut client = connection.client.address;
        let mut server = connection.documented;
        if server.is_ipv4() != client.is_ipv4() {
            server = connection.server.address;
        }
        // Two clients of two servers can have the same port, and the servers
        // one documented address.
        while !self.used.insert((client, server)) {
            client.set_port(client.port().checked_add(1).unwrap_or(1024));
        }
        let names = [&connection.client.name, &connection.server.name];
        let comment = format!("{} → {}", names[0], names[1]);
        let end = |address, next| End {
            address,
            next,
            ended: false,
        };
        Stream {
            transport: connection.transport,
            client: end(client, 1_000),
            server: end(server, 2_000),
            comment: Some(comment),
        }
    }

    /// Writes the packets of what happened; whether more may follow.
    fn write_packets(
        &mut self,
        at: Duration,
        stream: &mut Stream,
        what: &Happening,
    ) -> io::Result<bool> {
        use Direction::{ToClient, ToServer};
        match what {
            Happening::Opened(_) => {
                if stream.transport == Transport::Tcp {
                    self.segment(at, stream, ToServer, SYN, &[])?;
                    self.segment(at, stream, ToClient, SYN | ACK, &[])?;
                    self.segment(at, stream, ToServer, ACK, &[])?;
                }
            }
            Happening::Refused(_) => {
                if stream.transport == Transport::Tcp {
                    self.segment(at, stream, ToServer, SYN, &[])?;
                    stream.server.next = 0;
                    self.segment(at, stream, ToClient, RST | ACK, &[])?;
                    return Ok(false);
                }
            }
            Happening::Data { direction, bytes } => {
                let segments = bytes.chunks(SEGMENT);
                let last = segments.len().saturating_sub(1);
                for (index, bytes) in segments.enumerate() {
                    let push = if index == last { PSH } else { 0 };
                    self.segment(at, stream, *direction, ACK | push, bytes)?;
                }
                self.segment(at, stream, direction.opposite(), ACK, &[])?;
            }
            Happening::Datagram { direction, bytes } => {
                self.datagram(at, stream, *direction, bytes)?;
            }
            Happening::HalfClosed(direction) => {
                self.segment(at, stream, *direction, FIN | ACK, &[])?;
                self.segment(at, stream, direction.opposite(), ACK, &[])?;
            }
            Happening::Reset(direction) => {
                self.segment(at, stream, *direction, RST | ACK, &[])?;
                return Ok(false);
            }
            Happening::Closed => {
                let has_ended = stream.client.ended && stream.server.ended;
                if stream.transport == Transport::Tcp && !has_ended {
                    self.segment(at, stream, ToClient, RST | ACK, &[])?;
                }
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Writes a TCP segment (RFC 9293, 3.1).
    fn segment(
        &mut self,
        at: Duration,
        stream: &mut Stream,
        direction: Direction,
        flags: u8,
        data: &[u8],
    ) -> io::Result<()> {
        let (from, to) = stream.ends(direction);
        let mut options = Vec::new();
        if flags & SYN != 0 {
            options.extend([2, 4]); // the maximum segment size
            options.extend((SEGMENT as u16).to_be_bytes());
            options.extend([1, 3, 3, 7]); // windows are in units of 128 bytes
        }
        let mut segment = Vec::with_capacity(20 + options.len() + data.len());
        segment.extend(from.address.port().to_be_bytes());
        segment.extend(to.address.port().to_be_bytes());
        segment.extend(from.next.to_be_bytes());
        let next = if flags & ACK != 0 { to.next } else { 0 };
        segment.extend(next.to_be_bytes());
        let words = 5 + options.len() / 4;
        segment.extend([(words as u8) << 4, flags]);
        segment.extend(u16::MAX.to_be_bytes()); // the window
        segment.extend([0; 4]); // the checksum; nothing is urgent
        segment.extend(options);
        segment.extend(data);
        let sum = checksum(from.address.ip(), to.address.ip(), TCP, &segment);
        segment[16..18].copy_from_slice(&sum.to_be_bytes());

        from.ended |= flags & FIN != 0;
        let counts = u32::from(flags & (SYN | FIN) != 0);
        from.next = from.next.wrapping_add(data.len() as u32 + counts);
        self.packet(at, stream, direction, TCP, &segment)
    }

    /// Writes a UDP datagram (RFC 768).
    fn datagram(
        &mut self,
        at: Duration,
        stream: &mut Stream,
        direction: Direction,
        data: &[u8],
    ) -> io::Result<()> {
        let (from, to) = stream.ends(direction);
        let mut datagram = Vec::with_capacity(8 + data.len());
        datagram.extend(from.address.port().to_be_bytes());
        datagram.extend(to.address.port().to_be_bytes());
        datagram.extend((data.len() as u16 + 8).to_be_bytes());
        datagram.extend([0; 2]);
        datagram.extend(data);
        let sum = checksum(from.address.ip(), to.address.ip(), UDP, &datagram);
        // 0 would say that there is none.
        let sum = if sum == 0 { 0xffff } else { sum };
        datagram[6..8].copy_from_slice(&sum.to_be_bytes());
        self.packet(at, stream, direction, UDP, &datagram)
    }

    /// Writes an IP packet (RFC 791, RFC 8200).
    fn packet(
        &mut self,
        at: Duration,
        stream: &mut Stream,
        direction: Direction,
        protocol: u8,
        data: &[u8],
    ) -> io::Result<()> {
        const HOPS: u8 = 64;
        let (from, to) = stream.ends(direction);
        let length = data.len() as u16;
        let mut packet = Vec::with_capacity(40 + data.len());
        match (from.address.ip(), to.address.ip()) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                self.identification = self.identification.wrapping_add(1);
                packet.extend([0x45, 0]);
                packet.extend((length + 20).to_be_bytes());
                packet.extend(self.identification.to_be_bytes());
                packet.extend([0x40, 0]); // not to be fragmented
                packet.extend([HOPS, protocol, 0, 0]);
                packet.extend(from.octets());
                packet.extend(to.octets());
                let sum = !folded(sum(&packet));
                packet[10..12].copy_from_slice(&sum.to_be_bytes());
            }
            (from, to) => {
                packet.extend([0x60, 0, 0, 0]);
                packet.extend(length.to_be_bytes());
                packet.extend([protocol, HOPS]);
                packet.extend(octets(from));
                packet.extend(octets(to));
            }
        }
        packet.extend(data);

        let at = at.as_nanos() as u64;
        let length = (packet.len() as u32).to_le_bytes();
        let mut body = Vec::with_capacity(packet.len() + 32);
        body.extend(0_u32.to_le_bytes()); // the interface
        body.extend(((at >> 32) as u32).to_le_bytes());
        body.extend((at as u32).to_le_bytes());
        body.extend(length); // what was captured is all that there was
        body.extend(length);
        body.extend(&packet);
        pad(&mut body);
        if let Some(comment) = stream.comment.take() {
            option(&mut body, 1, comment.as_bytes());
            option(&mut body, 0, &[]);
        }
        block(&mut self.to, 6, &body)
    }
}

impl Stream {
    /// The sender and the receiver.
    fn ends(&mut self, direction: Direction) -> (&mut End, &mut End) {
        match direction {
            Direction::ToServer => (&mut self.client, &mut self.server),
            Direction::ToClient => (&mut self.server, &mut self.client),
        }
    }
}

/// Writes a block: its type, its length, what is in it, its length again.
fn block(to: &mut impl Write, kind: u32, body: &[u8]) -> io::Result<()> {
    let length = (body.len() as u32 + 12).to_le_bytes();
    to.write_all(&kind.to_le_bytes())?;
    to.write_all(&length)?;
    to.write_all(body)?;
    to.write_all(&length)
}

/// Adds an option to a block; the one with the code 0 ends them.
fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    let value = value.get(..usize::from(u16::MAX)).unwrap_or(value);
    body.extend(code.to_le_bytes());
    body.extend((value.len() as u16).to_le_bytes());
    body.extend(value);
    pad(body);
}

fn pad(body: &mut Vec<u8>) {
    body.resize(body.len().next_multiple_of(4), 0);
}

fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

/// The checksum of TCP and UDP, which counts the addresses, too (RFC 9293, 3.1;
/// RFC 8200, 8.1).
fn checksum(from: IpAddr, to: IpAddr, protocol: u8, data: &[u8]) -> u16 {
    let addresses = match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            sum(&from.octets()) + sum(&to.octets())
        }
        (from, to) => sum(&octets(from)) + sum(&octets(to)),
    };
    let length = data.len() as u64;
    !folded(addresses + u64::from(protocol) + length + sum(data))
}

/// The sum of these bytes as numbers of two bytes.
fn sum(bytes: &[u8]) -> u64 {
    let pairs = bytes.chunks(2);
    pairs
        .map(|pair| {
            u64::from(pair[0]) << 8 | pair.get(1).map_or(0, |b| u64::from(*b))
        })
        .sum()
}

/// The sum as the Internet adds: what does not fit is added again (RFC 1071).
fn folded(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}
