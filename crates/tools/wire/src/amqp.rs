//! AMQP 0-9-1: <https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf>, with
//! RabbitMQ's types of a table's values.

mod methods;

use std::borrow::Cow;
use std::fmt;

use crate::excerpt::{cut, preview, shown};
use crate::fault::Fault;
use crate::frame::{Decoded, Protocol};
use crate::reader::{Parsed, Reader, Stop, whole};
use methods::{Argument, Kind, PROPERTIES};

pub use methods::FIELDS;

/// How deep tables may be in tables.
const DEPTH: usize = 8;

/// A frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// What a client says first, and a server that does not like it (4.2.2):
    /// the version.
    ProtocolHeader {
        /// 0, 9 and 1.
        version: (u8, u8, u8),
    },
    /// A command (4.2.4).
    Method(Method),
    /// What comes after a method that carries a message (4.2.6.1).
    Header {
        /// On which channel.
        channel: u16,
        /// How many bytes the message has.
        body_size: u64,
        /// The properties that it has.
        properties: Vec<(&'static str, Value)>,
    },
    /// The message, or a part of it (4.2.6.2).
    Body {
        /// On which channel.
        channel: u16,
        /// The bytes.
        payload: Vec<u8>,
    },
    /// Nothing but a sign of life (4.2.7).
    Heartbeat,
}

/// A command (4.2.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    /// On which channel; 0 is the connection itself.
    pub channel: u16,
    /// Its name: `Basic.Deliver`, `Queue.Declare-Ok`.
    pub name: &'static str,
    /// Its arguments, by the specification's names, without reserved ones.
    pub arguments: Vec<(&'static str, Value)>,
}

impl Method {
    /// The argument with this name.
    pub fn argument(&self, name: &str) -> Option<&Value> {
        let mut arguments = self.arguments.iter();
        let (_, value) = arguments.find(|(known, _)| *known == name)?;
        Some(value)
    }
}

/// An argument of a method, or a property of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A number of one to eight bytes; a time, in seconds since 1970.
    Number(u64),
    /// A bit.
    Bit(bool),
    /// A text.
    Text(String),
    /// Bytes that are no text.
    Bytes(Vec<u8>),
    /// A table, as it is shown.
    Table(String),
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) => write!(formatter, "{number}"),
            Value::Bit(bit) => write!(formatter, "{bit}"),
            Value::Text(text) => write!(formatter, "{}", cut(text, 1_000)),
            Value::Bytes(bytes) => write!(formatter, "{}", shown(bytes)),
            Value::Table(table) => write!(formatter, "{table}"),
        }
    }
}

/// Decodes the frame at the beginning of these bytes, which is a protocol
/// header where they begin with an `A`.
pub fn decode(bytes: &[u8]) -> Decoded<Frame> {
    whole(parse(bytes), bytes)
}

/// The same as soon as all but a body's payload is there.
pub(crate) fn parse(bytes: &[u8]) -> Parsed<Frame> {
    const METHOD: u8 = 1;
    const HEADER: u8 = 2;
    const BODY: u8 = 3;
    const HEARTBEAT: u8 = 8;
    const END: u8 = 0xce;
    let mut reader = Reader::new(bytes);
    let kind = reader.u8()?;
    if kind == b'A' {
        return parse_protocol_header(bytes);
    }
    let name = match kind {
        METHOD => "method",
        HEADER => "header",
        BODY => "body",
        HEARTBEAT => "heartbeat",
        _ => return Err(reader.fault_at(Fault::AmqpType, 0)),
    };
    reader.field("amqp.type", "type", 0, format!("{kind} ({name})"));
    let channel = reader.u16()?;
    reader.field("amqp.channel", "channel", 1, channel);
    let size = reader.u32()?;
    reader.field("amqp.size", "size", 3, size);
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let end = reader.at().saturating_add(size);
    reader.ends_in(size.saturating_add(1));
    let (content, frame) = reader.within(size, |reader| match kind {
        METHOD => parse_method(reader, channel),
        HEADER => parse_header(reader, channel),
        BODY => Ok(parse_body(reader, channel)),
        _ => {
            let frame = frame("amqp.heartbeat", "Heartbeat");
            Ok((Frame::Heartbeat, frame))
        }
    })?;
    if reader.at() < end {
        return Err(reader.fault(Fault::LeftOver));
    }
    // Of a long body, which was cut, it is not there.
    if reader.rest().first().is_some_and(|byte| *byte != END) {
        return Err(reader.fault_at(Fault::AmqpEnd, end));
    }
    reader.field("amqp.frame_end", "frame-end", end, "206");
    reader.finish(content, frame)
}

fn parse_protocol_header(bytes: &[u8]) -> Parsed<Frame> {
    let mut reader = Reader::new(bytes);
    for (at, wanted) in b"AMQP".iter().enumerate() {
        if reader.u8()? != *wanted {
            return Err(reader.fault_at(Fault::AmqpHeader, at));
        }
    }
    reader.field("amqp.protocol", "protocol name", 0, "AMQP");
    let id = reader.u8()?;
    reader.field("amqp.protocol_id", "protocol id", 4, id);
    let version = (reader.u8()?, reader.u8()?, reader.u8()?);
    let shown = format!("{}-{}-{}", version.0, version.1, version.2);
    reader.field("amqp.version", "version", 5, &shown);
    let frame = frame("amqp.protocol_header", format!("AMQP {shown}"));
    reader.finish(Frame::ProtocolHeader { version }, frame)
}

type Read = Result<(Frame, crate::Frame), Stop>;

fn parse_method(reader: &mut Reader<'_>, channel: u16) -> Read {
    let from = reader.at();
    let class = reader.u16()?;
    let id = reader.u16()?;
    let known = methods::find(class, id)
        .ok_or(reader.fault_at(Fault::AmqpMethod, from))?;
    let (class_name, method_name) =
        known.name.split_once('.').unwrap_or((known.name, ""));
    let class_at = from..from + 2;
    let named = format!("{class} ({class_name})");
    reader.list("amqp.class", "class-id", class_at, named);
    let named = format!("{id} ({method_name})");
    reader.field("amqp.method", "method-id", from + 2, named);

    let mut arguments = Vec::new();
    let mut bits: (u8, u8) = (0, 8);
    for argument in known.arguments {
        if argument.kind == Kind::Bit {
            // As many as fit are in one byte, the first one the lowest (4.2.5.2).
            if bits.1 == 8 {
                bits = (reader.u8()?, 0);
            }
            let bit = bits.0 >> bits.1 & 1;
            let at = usize::from(7 - bits.1);
            bits.1 += 1;
            reader.bits(argument.id, argument.name, at..at + 1, bit);
            arguments.push((argument.name, Value::Bit(bit == 1)));
            continue;
        }
        bits.1 = 8;
        let value = parse_argument(reader, argument)?;
        arguments.push((argument.name, value));
    }
    arguments.retain(|(name, _)| !name.starts_with("reserved"));
    let method = Method {
        channel,
        name: known.name,
        arguments,
    };
    let mut summary = known.name.to_string();
    for name in known.summary {
        match method.argument(name) {
            Some(Value::Text(text)) if text.is_empty() => {
                summary.push_str(" \"\"");
            }
            Some(value) => {
                let value = cut(&value.to_string(), 60);
                summary.push_str(&format!(" {value}"));
            }
            None => {}
        }
    }
    let kind = format!("amqp.{}", known.name.to_ascii_lowercase());
    Ok((Frame::Method(method), frame(kind, summary)))
}

fn parse_header(reader: &mut Reader<'_>, channel: u16) -> Read {
    let from = reader.at();
    let class = reader.u16()?;
    if class != 60 {
        return Err(reader.fault_at(Fault::AmqpMethod, from));
    }
    reader.field("amqp.class", "class-id", from, "60 (Basic)");
    let at = reader.at();
    let weight = reader.u16()?;
    reader.field("amqp.weight", "weight", at, weight);
    let at = reader.at();
    let body_size = reader.u64()?;
    reader.field("amqp.body_size", "body size", at, body_size);
    let at = reader.at();
    let flags = reader.u16()?;
    let bits = format!("{flags:016b}");
    reader.field("amqp.property_flags", "property flags", at, bits);
    if flags & 3 != 0 {
        // There are not as many properties.
        return Err(reader.fault_at(Fault::AmqpMethod, at));
    }
    let mut properties = Vec::new();
    for (index, property) in PROPERTIES.iter().enumerate() {
        if flags >> (15 - index) & 1 == 1 {
            let value = parse_argument(reader, property)?;
            properties.push((property.name, value));
        }
    }
    let summary = format!("Header, {body_size} bytes");
    let header = Frame::Header {
        channel,
        body_size,
        properties,
    };
    Ok((header, frame("amqp.header", summary)))
}

fn parse_body(reader: &mut Reader<'_>, channel: u16) -> (Frame, crate::Frame) {
    let (from, length) = (reader.at(), reader.left());
    let payload = reader.rest().to_vec();
    if length > 0 {
        reader.field("amqp.body", "payload", from, shown(&payload));
    }
    let mut frame = frame("amqp.body", format!("Body, {length} bytes"));
    frame.preview = preview(&payload);
    (Frame::Body { channel, payload }, frame)
}

fn parse_argument(
    reader: &mut Reader<'_>,
    argument: &Argument,
) -> Result<Value, Stop> {
    let place = reader.open(argument.id, argument.name);
    let value = match argument.kind {
        Kind::Bit => Value::Bit(reader.u8()? & 1 == 1),
        Kind::Octet => Value::Number(reader.u8()?.into()),
        Kind::Short => Value::Number(reader.u16()?.into()),
        Kind::Long => Value::Number(reader.u32()?.into()),
        Kind::LongLong => Value::Number(reader.u64()?),
        Kind::ShortString => Value::Text(short_string(reader)?),
        Kind::LongString => {
            let bytes = long_string(reader)?;
            match std::str::from_utf8(bytes) {
                Ok(text) => Value::Text(text.to_string()),
                Err(_) => Value::Bytes(bytes.to_vec()),
            }
        }
        Kind::Table => Value::Table(table(reader, DEPTH)?),
    };
    reader.close(place, &value);
    Ok(value)
}

fn short_string(reader: &mut Reader<'_>) -> Result<String, Stop> {
    let length = reader.u8()?;
    Ok(reader.text(length.into())?.to_string())
}

fn long_string<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Stop> {
    let length = reader.u32()?;
    reader.take(usize::try_from(length).unwrap_or(usize::MAX))
}

/// A table (4.2.5.5), as it is shown: `{name: value, other: {…}}`.
fn table(reader: &mut Reader<'_>, depth: usize) -> Result<String, Stop> {
    if depth == 0 {
        return Err(reader.fault(Fault::AmqpTable));
    }
    let length = reader.u32()?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    reader.within(length, |reader| {
        let mut shown = String::from("{");
        while reader.left() > 0 {
            let place = reader.open("amqp.table_entry", "");
            let name = short_string(reader)?;
            let value = table_value(reader, depth)?;
            reader.name(place, &name);
            reader.close(place, &value);
            add(&mut shown, &format!("{name}: {value}"));
        }
        shown.push('}');
        Ok(shown)
    })
}

/// Adds to what is shown of a table, as long as it is not long.
fn add(shown: &mut String, item: &str) {
    if shown.ends_with('…') {
        return;
    }
    if shown.len() > 1 {
        shown.push_str(", ");
    }
    if shown.len() + item.len() > 1_000 {
        shown.push('…');
    } else {
        shown.push_str(item);
    }
}

/// A value in a table. The letters are those that RabbitMQ gives the types:
/// <https://www.rabbitmq.com/amqp-0-9-1-errata#section_3>.
fn table_value(reader: &mut Reader<'_>, depth: usize) -> Result<String, Stop> {
    let at = reader.at();
    Ok(match reader.u8()? {
        b't' => (reader.u8()? != 0).to_string(),
        b'b' => reader.u8()?.cast_signed().to_string(),
        b'B' => reader.u8()?.to_string(),
        b's' | b'U' => reader.u16()?.cast_signed().to_string(),
        b'u' => reader.u16()?.to_string(),
        b'I' => reader.u32()?.cast_signed().to_string(),
        b'i' => reader.u32()?.to_string(),
        b'l' | b'L' => reader.u64()?.cast_signed().to_string(),
        b'T' => reader.u64()?.to_string(),
        b'f' => f32::from_bits(reader.u32()?).to_string(),
        b'd' => f64::from_bits(reader.u64()?).to_string(),
        b'D' => {
            let scale = reader.u8()?;
            format!("{}e-{scale}", reader.u32()?)
        }
        b'S' | b'x' => shown(long_string(reader)?),
        b'F' => table(reader, depth - 1)?,
        b'A' => {
            if depth == 1 {
                return Err(reader.fault(Fault::AmqpTable));
            }
            let length = reader.u32()?;
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            reader.within(length, |reader| {
                let mut shown = String::from("[");
                while reader.left() > 0 {
                    add(&mut shown, &table_value(reader, depth - 1)?);
                }
                shown.push(']');
                Ok(shown)
            })?
        }
        b'V' => "void".to_string(),
        _ => return Err(reader.fault_at(Fault::AmqpTable, at)),
    })
}

/// A frame without its parts.
fn frame(
    kind: impl Into<Cow<'static, str>>,
    summary: impl AsRef<str>,
) -> crate::Frame {
    crate::Frame::new(Protocol::Amqp, kind, summary)
}
