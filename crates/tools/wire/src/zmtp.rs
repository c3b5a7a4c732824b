//! ZMTP, what ZeroMQ speaks over TCP, in versions 3.0 (ZeroMQ RFC 23) and 3.1
//! (ZeroMQ RFC 37), with the mechanism NULL.

use crate::excerpt::{preview, shown};
use crate::fault::Fault;
use crate::frame::{Decoded, Protocol};
use crate::reader::{Parsed, Reader, Stop, whole};

/// The parts of a greeting and of a frame.
pub const FIELDS: &[&str] = &[
    "zmtp.signature",
    "zmtp.version",
    "zmtp.mechanism",
    "zmtp.as_server",
    "zmtp.filler",
    "zmtp.flags",
    "zmtp.flags.command",
    "zmtp.flags.long",
    "zmtp.flags.more",
    "zmtp.size",
    "zmtp.body",
    "zmtp.command",
    "zmtp.property",
    "zmtp.subscription",
    "zmtp.error",
    "zmtp.ttl",
    "zmtp.context",
    "zmtp.command_data",
];

/// The length of a greeting, in bytes.
pub const GREETING: usize = 64;

/// What each side says first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// The version: 3 and 0, or 3 and 1.
    pub version: (u8, u8),
    /// The security mechanism: NULL, PLAIN or CURVE.
    pub mechanism: String,
    /// Whether it is the mechanism's server.
    pub as_server: bool,
}

/// A frame after the greeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A part of a message.
    Message {
        /// Whether another part follows.
        more: bool,
        /// What it carries.
        body: Vec<u8>,
    },
    /// A command.
    Command(Command),
}

/// A command (ZeroMQ RFC 37).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The end of the handshake: names and values. A socket's type is in
    /// `Socket-Type`.
    Ready(Vec<(String, Vec<u8>)>),
    /// The other side is not wanted, and why.
    Error(String),
    /// Asks for the messages that begin like this.
    Subscribe(Vec<u8>),
    /// Asks for them no more.
    Cancel(Vec<u8>),
    /// Asks for a Pong: the time to live in tenths of a second, and bytes to
    /// be sent back.
    Ping(u16, Vec<u8>),
    /// Answers a Ping.
    Pong(Vec<u8>),
    /// Another one: its name and its data.
    Other(String, Vec<u8>),
}

impl Command {
    /// The type of the socket that says READY: `REQ`, `SUB`.
    pub fn socket_type(&self) -> Option<String> {
        let Command::Ready(properties) = self else {
            return None;
        };
        let mut properties = properties.iter();
        let (_, value) = properties
            .find(|(name, _)| name.eq_ignore_ascii_case("Socket-Type"))?;
        Some(String::from_utf8_lossy(value).into_owned())
    }
}

/// Decodes the greeting at the beginning of these bytes.
pub fn decode_greeting(bytes: &[u8]) -> Decoded<Greeting> {
    whole(parse_greeting(bytes), bytes)
}

/// Decodes the frame at the beginning of these bytes, after the greeting.
pub fn decode(bytes: &[u8]) -> Decoded<Frame> {
    whole(parse(bytes), bytes)
}

pub(crate) fn parse_greeting(bytes: &[u8]) -> Parsed<Greeting> {
    let mut reader = Reader::new(bytes);
    // What is no greeting at all is told apart at once.
    for (at, byte) in bytes.iter().enumerate().take(11) {
        let fault = match at {
            0 if *byte != 0xff => Fault::ZmtpGreeting,
            9 if byte & 1 == 0 => Fault::ZmtpGreeting,
            10 if *byte < 3 => Fault::ZmtpVersion,
            _ => continue,
        };
        return Err(reader.fault_at(fault, at));
    }
    if bytes.len() < GREETING {
        return Err(Stop::NotYet { needed: GREETING });
    }
    reader.take(10)?;
    reader.field("zmtp.signature", "signature", 0, "");
    let version = (reader.u8()?, reader.u8()?);
    let shown = format!("{}.{}", version.0, version.1);
    reader.field("zmtp.version", "version", 10, &shown);
    let mechanism = reader.take(20)?;
    let mechanism = String::from_utf8_lossy(mechanism);
    let mechanism = mechanism.trim_end_matches('\0').to_string();
    reader.field("zmtp.mechanism", "mechanism", 12, &mechanism);
    let as_server = reader.u8()?;
    reader.field("zmtp.as_server", "as-server", 32, as_server);
    reader.take(31)?;
    reader.field("zmtp.filler", "filler", 33, "");
    let summary = format!("greeting {shown} {mechanism}");
    let greeting = Greeting {
        version,
        mechanism,
        as_server: as_server == 1,
    };
    reader.finish(greeting, frame("zmtp.greeting", summary))
}

/// A frame, as soon as all but its body is there.
pub(crate) fn parse(bytes: &[u8]) -> Parsed<Frame> {
    const MORE: u8 = 1;
    const LONG: u8 = 2;
    const COMMAND: u8 = 4;
    let mut reader = Reader::new(bytes);
    let flags = reader.u8()?;
    let has = |flag| flags & flag != 0;
    reader.field("zmtp.flags", "flags", 0, format!("{flags:#04x}"));
    let bit = |flag| u8::from(has(flag));
    reader.bits("zmtp.flags.command", "COMMAND", 5..6, bit(COMMAND));
    reader.bits("zmtp.flags.long", "LONG", 6..7, bit(LONG));
    reader.bits("zmtp.flags.more", "MORE", 7..8, bit(MORE));
    if flags > 7 || has(COMMAND) && has(MORE) {
        return Err(reader.fault_at(Fault::ZmtpFlags, 0));
    }
    let size = match has(LONG) {
        true => reader.u64()?,
        false => reader.u8()?.into(),
    };
    reader.field("zmtp.size", "size", 1, size);
    if size >= 1 << 63 {
        return Err(reader.fault_at(Fault::ZmtpLength, 1));
    }
    reader.ends_in(usize::try_from(size).unwrap_or(usize::MAX));
    if has(COMMAND) {
        let (command, summary, kind) = parse_command(&mut reader)?;
        return reader.finish(Frame::Command(command), frame(kind, summary));
    }
    let from = reader.at();
    let body = reader.rest().to_vec();
    if size > 0 {
        reader.field("zmtp.body", "body", from, shown(&body));
    }
    let carries = preview(&body);
    let more = has(MORE);
    let mut frame = frame("zmtp.message", "1 frame");
    frame.preview = carries;
    reader.finish(Frame::Message { more, body }, frame)
}

fn parse_command(
    reader: &mut Reader<'_>,
) -> Result<(Command, String, &'static str), Stop> {
    let from = reader.at();
    let length = reader.u8()?;
    let name = reader.text(length.into())?;
    reader.field("zmtp.command", "command-name", from, name);
    let from = reader.at();
    let mut summary = name.to_string();
    let (command, kind) = match name {
        "READY" => {
            let ready = Command::Ready(parse_properties(reader)?);
            if let Some(socket_type) = ready.socket_type() {
                summary = format!("READY {socket_type}");
            }
            (ready, "zmtp.ready")
        }
        "ERROR" => {
            let length = reader.u8()?;
            let why = reader.text(length.into())?.to_string();
            reader.field("zmtp.error", "error-reason", from, &why);
            (Command::Error(why), "zmtp.error")
        }
        "SUBSCRIBE" | "CANCEL" => {
            let prefix = reader.take(reader.left())?;
            let value = shown(prefix);
            reader.field("zmtp.subscription", "subscription", from, &value);
            summary = format!("{name} {value}");
            match name {
                "CANCEL" => (Command::Cancel(prefix.into()), "zmtp.cancel"),
                _ => (Command::Subscribe(prefix.into()), "zmtp.subscribe"),
            }
        }
        "PING" => {
            let ttl = reader.u16()?;
            reader.field("zmtp.ttl", "ping-ttl", from, ttl);
            let context = parse_context(reader)?;
            (Command::Ping(ttl, context), "zmtp.ping")
        }
        "PONG" => (Command::Pong(parse_context(reader)?), "zmtp.pong"),
        name => {
            let data = reader.take(reader.left())?;
            reader.field("zmtp.command_data", "data", from, shown(data));
            let other = Command::Other(name.to_string(), data.to_vec());
            (other, "zmtp.command")
        }
    };
    Ok((command, summary, kind))
}

fn parse_context(reader: &mut Reader<'_>) -> Result<Vec<u8>, Stop> {
    let from = reader.at();
    let context = reader.take(reader.left())?;
    if !context.is_empty() {
        reader.field("zmtp.context", "ping-context", from, shown(context));
    }
    Ok(context.to_vec())
}

fn parse_properties(
    reader: &mut Reader<'_>,
) -> Result<Vec<(String, Vec<u8>)>, Stop> {
    let mut properties = Vec::new();
    while reader.left() > 0 {
        let from = reader.at();
        let length = reader.u8()?;
        let name = reader.text(length.into())?.to_string();
        let length = reader.u32()?;
        let value =
            reader.take(usize::try_from(length).unwrap_or(usize::MAX))?;
        reader.field("zmtp.property", name.clone(), from, shown(value));
        properties.push((name, value.to_vec()));
    }
    Ok(properties)
}

/// A frame without its parts.
pub(crate) fn frame(
    kind: &'static str,
    summary: impl AsRef<str>,
) -> crate::Frame {
    crate::Frame::new(Protocol::Zmtp, kind, summary)
}
