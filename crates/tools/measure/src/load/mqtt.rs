//! MQTT 3.1.1 from the wire up, so that every packet and byte is counted where
//! it is written and read. One client publishes and subscribes: what a message
//! costs on its way to the broker and on its way from it is told apart by the
//! packets' types and directions.
//!
//! Packets are read no further than that takes: the decoder of the wire tells
//! every field, and takes its time for it. A load must not.

use std::io::{self, BufReader, ErrorKind, Write};
use std::net::{SocketAddr, TcpStream};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use wire::mqtt::packet::{
    CONNECT, DISCONNECT, PUBACK, PUBCOMP, PUBLISH, PUBREC, PUBREL, Raw,
    SUBSCRIBE, encode, read, string,
};

use super::{MESSAGE, PATIENCE, closed_loop};
use crate::statistics::Latencies;

/// How many bytes a packet has taken on the wire.
fn size(packet: &Raw) -> usize {
    packet.header + packet.body.len()
}

fn is_publish(packet: &Raw) -> bool {
    packet.first & 0xf0 == PUBLISH
}

/// The number by which its answers call a packet.
fn id(packet: &Raw) -> io::Result<u16> {
    let start = if is_publish(packet) {
        2 + usize::from(number(&packet.body, 0)?) // behind the topic
    } else {
        0
    };
    number(&packet.body, start)
}

fn number(bytes: &[u8], start: usize) -> io::Result<u16> {
    match bytes.get(start..start + 2) {
        Some(&[high, low]) => Ok(u16::from_be_bytes([high, low])),
        _ => Err(ErrorKind::InvalidData.into()),
    }
}

/// Packets and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Count {
    pub packets: u64,
    pub bytes: u64,
}

/// What it took to deliver messages.
pub struct Delivery {
    /// From the first one's sending until the last one had arrived and all
    /// that the quality of service asks for had been said.
    pub elapsed: Duration,
    /// Between the publisher and the broker, in both directions.
    pub published: Count,
    /// Between the broker and the subscriber, in both directions.
    pub received: Count,
}

/// A connection that publishes and subscribes.
pub struct Client {
    writer: TcpStream,
    reader: BufReader<TcpStream>,
    /// Packets that wait for being written together.
    output: Vec<u8>,
    last_id: u16,
    published: Count,
    received: Count,
    /// Messages that have arrived, with all that the subscriber's side asks.
    arrived: usize,
    /// Messages of which the broker has said that it has them.
    confirmed: usize,
}

impl Client {
    /// Connects to a broker, with a name of its own.
    pub fn connect(broker: SocketAddr) -> io::Result<Client> {
        let writer = TcpStream::connect_timeout(&broker, PATIENCE)?;
        writer.set_nodelay(true)?;
        writer.set_read_timeout(Some(PATIENCE))?;
        writer.set_write_timeout(Some(PATIENCE))?;
        let mut client = Client {
            reader: BufReader::with_capacity(64 * 1024, writer.try_clone()?),
            writer,
            output: Vec::new(),
            last_id: 0,
            published: Count::default(),
            received: Count::default(),
            arrived: 0,
            confirmed: 0,
        };
        // Level 4 is 3.1.1; a clean session; a ping every 60 s, never sent.
        let mut body = string("MQTT");
        body.extend([4, 0b10, 0, 60]);
        body.extend(string(&unique_name()));
        client.write(CONNECT, &body);
        client.flush()?;
        match read(&mut client.reader)?.body[..] {
            [_, 0] => Ok(client),
            _ => Err(io::Error::other("o broker recusou a ligação")),
        }
    }

    /// Asks for a topic's messages.
    pub fn subscribe(&mut self, topic: &str, qos: u8) -> io::Result<()> {
        let mut body = vec![0, 1];
        body.extend(string(topic));
        body.push(qos);
        self.write(SUBSCRIBE, &body);
        self.flush()?;
        match read(&mut self.reader)?.body[..] {
            [_, _, granted] if granted == qos => Ok(()),
            _ => Err(io::Error::other("o broker recusou a subscrição")),
        }
    }

    /// Waits for the next message, whatever its topic.
    pub fn hear(&mut self) -> io::Result<()> {
        loop {
            let packet = read(&mut self.reader)?;
            self.handle(&packet)?;
            self.flush()?;
            if is_publish(&packet) {
                return Ok(());
            }
        }
    }

    /// Publishes messages to the topic that this client subscribes to, no more
    /// than a window of them at once, and waits for all.
    pub fn deliver(
        &mut self,
        topic: &str,
        payload: &[u8],
        qos: u8,
        count: usize,
        window: usize,
    ) -> io::Result<Delivery> {
        self.published = Count::default();
        self.received = Count::default();
        (self.arrived, self.confirmed) = (0, 0);
        let start = Instant::now();
        let mut sent = 0;
        loop {
            // At QoS 0 the broker says nothing to the publisher.
            let confirmed = if qos == 0 { sent } else { self.confirmed };
            let done = confirmed.min(self.arrived);
            if done == count {
                break;
            }
            while sent < count && sent - done < window {
                self.publish(topic, payload, qos);
                sent += 1;
            }
            self.flush()?;

            // All that has come is answered with one write.
            loop {
                let packet = read(&mut self.reader)?;
                self.handle(&packet)?;
                if self.reader.buffer().is_empty() {
                    break;
                }
            }
        }
        Ok(Delivery {
            elapsed: start.elapsed(),
            published: self.published,
            received: self.received,
        })
    }

    fn publish(&mut self, topic: &str, payload: &[u8], qos: u8) {
        let mut body = string(topic);
        if qos > 0 {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            body.extend(self.last_id.to_be_bytes());
        }
        body.extend(payload);
        let size = self.write(PUBLISH | qos << 1, &body);
        self.published.add(size);
    }

    /// Counts a packet and gives the answer that it asks for.
    fn handle(&mut self, packet: &Raw) -> io::Result<()> {
        match packet.first & 0xf0 {
            PUBLISH => {
                self.received.add(size(packet));
                match packet.first >> 1 & 0b11 {
                    0 => self.arrived += 1,
                    1 => {
                        let size = self.answer(PUBACK, packet)?;
                        self.received.add(size);
                        self.arrived += 1;
                    }
                    _ => {
                        let size = self.answer(PUBREC, packet)?;
                        self.received.add(size);
                    }
                }
            }
            0x60 => {
                self.received.add(size(packet));
                let size = self.answer(PUBCOMP, packet)?;
                self.received.add(size);
                self.arrived += 1;
            }
            PUBREC => {
                self.published.add(size(packet));
                let size = self.answer(PUBREL, packet)?;
                self.published.add(size);
            }
            PUBACK | PUBCOMP => {
                self.published.add(size(packet));
                self.confirmed += 1;
            }
            other => {
                let what = format!("o broker enviou um pacote {other:#04x}");
                return Err(io::Error::other(what));
            }
        }
        Ok(())
    }

    fn answer(&mut self, first: u8, to: &Raw) -> io::Result<usize> {
        Ok(self.write(first, &id(to)?.to_be_bytes()))
    }

    /// Adds a packet to what will be written, and gives its size.
    fn write(&mut self, first: u8, body: &[u8]) -> usize {
        let bytes = encode(first, body);
        self.output.extend(&bytes);
        bytes.len()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.write_all(&self.output)?;
        self.output.clear();
        Ok(())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.write(DISCONNECT, &[]);
        let _ = self.flush(); // the broker may have gone
    }
}

impl Count {
    fn add(&mut self, bytes: usize) {
        self.packets += 1;
        self.bytes += bytes as u64;
    }
}

/// A name that no other client of the broker has.
pub fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("measure_{}_{count}", process::id())
}

/// One message at a time, at QoS 0, to the broker and back.
pub fn round_trips(
    broker: SocketAddr,
    time: Duration,
) -> io::Result<Latencies> {
    let mut client = Client::connect(broker)?;
    let topic = unique_name();
    client.subscribe(&topic, 0)?;
    closed_loop(time, || {
        client.deliver(&topic, &MESSAGE, 0, 1, 1)?;
        Ok(())
    })
}
