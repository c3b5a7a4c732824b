//! The network between a program and the broker: passes all frames of AMQP on,
//! says which ones went by, and can be cut.

use std::cell::Cell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::trial::free_address;

/// What went by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// The broker has let the program in.
    Opened,
    /// The program will be given the messages of a queue.
    Subscribed,
    /// A message was given to the program.
    Delivered,
    /// The program said that it is done with a message.
    Acknowledged,
}

/// A wire. It is cut for good when this is dropped.
pub struct Wire {
    pub address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    /// How many events were asked for already.
    seen: Cell<usize>,
}

#[derive(Default)]
struct Shared {
    events: Vec<Event>,
    /// Each connection: the end at the program, and the end at the broker.
    connections: Vec<[TcpStream; 2]>,
    broken: bool,
    removed: bool,
    breaks_at_ack: bool,
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Ends the connections: the program's at once, and the broker's after
    /// what went by before, as when a program dies.
    fn break_all(&mut self) {
        self.broken = true;
        for [program, broker] in self.connections.drain(..) {
            let _ = program.shutdown(Shutdown::Both);
            let _ = broker.shutdown(Shutdown::Write);
        }
    }
}

impl Wire {
    /// A wire that leads to a broker.
    pub fn to(broker: (String, u16)) -> Wire {
        let shared = Arc::new(Mutex::new(Shared::default()));
        // Listened to from now on: who is told of it may be quick.
        let (address, listener) = loop {
            let address = free_address();
            if let Ok(listener) = listener(address) {
                break (address, listener);
            }
        };
        let listened = Arc::clone(&shared);
        thread::spawn(move || listen(listener, address, &broker, &listened));
        Wire {
            address,
            shared,
            seen: Cell::new(0),
        }
    }

    /// Whether this went by, after what was asked for before.
    pub fn saw(&self, event: Event) -> bool {
        let shared = lock(&self.shared);
        let mut later = shared.events.iter().skip(self.seen.get());
        match later.position(|seen| *seen == event) {
            Some(index) => {
                self.seen.set(self.seen.get() + index + 1);
                true
            }
            None => false,
        }
    }

    /// Cuts all connections, and lets no other be made.
    pub fn breaks(&self) {
        lock(&self.shared).break_all();
    }

    /// Does the same when the program acknowledges a message, just before the
    /// broker hears of it.
    pub fn breaks_at_ack(&self) {
        lock(&self.shared).breaks_at_ack = true;
    }

    /// Lets connections be made again.
    pub fn mends(&self) {
        lock(&self.shared).broken = false;
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let mut shared = lock(&self.shared);
        shared.removed = true;
        shared.break_all();
    }
}

fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Takes the program's connections, while the wire is whole. Where it is not,
/// nobody listens: a connection is refused.
fn listen(
    first: TcpListener,
    address: SocketAddr,
    broker: &(String, u16),
    shared: &Arc<Mutex<Shared>>,
) {
    let mut whole = Some(first);
    loop {
        let (broken, removed) = {
            let shared = lock(shared);
            (shared.broken, shared.removed)
        };
        if removed {
            return;
        }
        if broken {
            whole = None;
        } else if whole.is_none() {
            whole = listener(address).ok();
        }
        match whole.as_ref().map(TcpListener::accept) {
            Some(Ok((program, _))) => {
                // Without the broker, the program sees its connection end.
                let _ = join(program, broker, shared);
            }
            _ => thread::sleep(Duration::from_millis(5)),
        }
    }
}

fn join(
    program: TcpStream,
    broker: &(String, u16),
    shared: &Arc<Mutex<Shared>>,
) -> io::Result<()> {
    let broker = TcpStream::connect((broker.0.as_str(), broker.1))?;
    program.set_nonblocking(false)?;
    program.set_nodelay(true)?;
    broker.set_nodelay(true)?;
    let mut state = lock(shared);
    state
        .connections
        .push([program.try_clone()?, broker.try_clone()?]);
    if state.broken {
        state.break_all(); // it broke while this one was being made
    }
    drop(state);
    for to_broker in [true, false] {
        let (from, to) = if to_broker {
            (program.try_clone()?, broker.try_clone()?)
        } else {
            (broker.try_clone()?, program.try_clone()?)
        };
        let shared = Arc::clone(shared);
        thread::spawn(move || pass(from, to, to_broker, &shared));
    }
    Ok(())
}

/// Passes on what comes, one frame after another.
fn pass(
    mut from: TcpStream,
    mut to: TcpStream,
    to_broker: bool,
    shared: &Mutex<Shared>,
) {
    let mut buffer = [0; 16 * 1024];
    let mut waiting = Vec::new();
    // What the program sends first is no frame.
    let mut is_preface = to_broker;
    loop {
        let count = match from.read(&mut buffer) {
            Ok(count @ 1..) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            _ => break,
        };
        waiting.extend_from_slice(&buffer[..count]);
        while let Some(length) = piece(&waiting, is_preface) {
            is_preface = false;
            let event = event(&waiting[..length], to_broker);
            if let Some(event) = event {
                let mut shared = lock(shared);
                // Before anyone can act on it.
                shared.events.push(event);
                if event == Event::Acknowledged && shared.breaks_at_ack {
                    shared.break_all();
                    return;
                }
            }
            // Who has gone does not stop the rest from being read: a socket
            // that is closed with something unread in it resets the other.
            let _ = to.write_all(&waiting[..length]);
            waiting.drain(..length);
        }
    }
    let _ = to.write_all(&waiting);
    let _ = to.shutdown(Shutdown::Write);
}

/// The length of the frame at the beginning, or of what comes before the first
/// one, where it is whole; what is no frame at all passes as it is.
fn piece(bytes: &[u8], is_preface: bool) -> Option<usize> {
    const PREFACE: usize = 8;
    const METHOD: u8 = 1;
    const HEARTBEAT: u8 = 8;
    const END: u8 = 0xce;
    const LONGEST: usize = 16 << 20;
    if is_preface {
        return (bytes.len() >= PREFACE).then_some(PREFACE);
    }
    if !(METHOD..=HEARTBEAT).contains(bytes.first()?) {
        return Some(bytes.len());
    }
    let size = bytes.get(3..7)?.try_into().ok()?;
    let length = usize::try_from(u32::from_be_bytes(size)).ok()? + 8;
    if length > LONGEST {
        return Some(bytes.len());
    }
    match *bytes.get(length - 1)? {
        END => Some(length),
        _ => Some(bytes.len()),
    }
}

/// What a frame is about, where it matters here. The numbers are those of the
/// AMQP 0-9-1 specification: the class, then the method.
fn event(frame: &[u8], to_broker: bool) -> Option<Event> {
    let [1, method @ ..] = frame else {
        return None;
    };
    let ids = method.get(6..10)?;
    match (to_broker, ids) {
        (false, [0, 10, 0, 41]) => Some(Event::Opened),
        (false, [0, 60, 0, 21]) => Some(Event::Subscribed),
        (false, [0, 60, 0, 60]) => Some(Event::Delivered),
        (true, [0, 60, 0, 80]) => Some(Event::Acknowledged),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_pass_whole_and_the_rest_as_it_is() {
        let ack = b"\x01\0\x01\0\0\0\x0d\0\x3c\0\x50\0\0\0\0\0\0\0\x01\0\xce";
        assert_eq!(piece(ack, false), Some(ack.len()));
        assert_eq!(piece(&ack[..ack.len() - 1], false), None);
        assert_eq!(piece(b"", false), None);
        let two = [&ack[..], ack].concat();
        assert_eq!(piece(&two, false), Some(ack.len()));
        assert_eq!(event(ack, true), Some(Event::Acknowledged));
        assert_eq!(event(ack, false), None); // the broker's, of a result

        assert_eq!(piece(b"AMQP\0\0\x09\x01", true), Some(8));
        assert_eq!(piece(b"AMQP", true), None);
        for no_frame in [&b"HTTP/1.1 400"[..], b"\x01\0\0\0\0\0\0?!"] {
            assert_eq!(piece(no_frame, false), Some(no_frame.len()));
        }
    }
}
