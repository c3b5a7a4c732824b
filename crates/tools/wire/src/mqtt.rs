//! MQTT 3.1.1 and 5 (OASIS); section numbers are those of 3.1.1 where nothing
//! else is said.

pub mod packet;

use crate::excerpt::{cut, preview, shown};
use crate::fault::Fault;
use crate::frame::{Decoded, Frame, Protocol};
use crate::reader::{Parsed, Reader, Stop, whole};

/// The parts of a packet.
pub const FIELDS: &[&str] = &[
    "mqtt.type",
    "mqtt.flags",
    "mqtt.dup",
    "mqtt.qos",
    "mqtt.retain",
    "mqtt.remaining_length",
    "mqtt.remaining_length.more",
    "mqtt.remaining_length.group",
    "mqtt.protocol_name",
    "mqtt.protocol_level",
    "mqtt.connect_flags",
    "mqtt.connect.username",
    "mqtt.connect.password",
    "mqtt.connect.will_retain",
    "mqtt.connect.will_qos",
    "mqtt.connect.will",
    "mqtt.connect.clean_session",
    "mqtt.keep_alive",
    "mqtt.client_id",
    "mqtt.will_topic",
    "mqtt.will_message",
    "mqtt.username",
    "mqtt.password",
    "mqtt.session_present",
    "mqtt.return_code",
    "mqtt.topic",
    "mqtt.packet_id",
    "mqtt.payload",
    "mqtt.filter",
    "mqtt.requested_qos",
    "mqtt.subscription_options",
    "mqtt.granted_qos",
    "mqtt.reason_code",
    "mqtt.properties_length",
    "mqtt.property",
];

/// A version of MQTT, as a CONNECT gives its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// 3: before it was a standard.
    V3_1,
    /// 4.
    V3_1_1,
    /// 5: packets have properties and reason codes.
    V5,
}

/// A packet. Of version 5's properties only the list of fields speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    /// A client arrives (3.1).
    Connect(Connect),
    /// The server's answer (3.2).
    ConnAck {
        /// Whether the server still has the client's session.
        session_present: bool,
        /// 0 where the client is let in.
        code: u8,
    },
    /// A message (3.3).
    Publish(Publish),
    /// A QoS 1 message has arrived (3.4).
    PubAck(Answer),
    /// A QoS 2 message has arrived (3.5).
    PubRec(Answer),
    /// It may be forgotten (3.6).
    PubRel(Answer),
    /// It is forgotten (3.7).
    PubComp(Answer),
    /// Asks for messages (3.8).
    Subscribe {
        /// The packet's identifier.
        id: u16,
        /// The filters, each with the highest QoS that is wanted.
        filters: Vec<(String, u8)>,
    },
    /// The answer to that (3.9).
    SubAck {
        /// The identifier of the SUBSCRIBE.
        id: u16,
        /// For each filter the QoS that is given, or 128 and more for none.
        codes: Vec<u8>,
    },
    /// Asks for messages no more (3.10).
    Unsubscribe {
        /// The packet's identifier.
        id: u16,
        /// The filters.
        filters: Vec<String>,
    },
    /// The answer to that (3.11).
    UnsubAck {
        /// The identifier of the UNSUBSCRIBE.
        id: u16,
        /// For each filter a reason; none before version 5.
        codes: Vec<u8>,
    },
    /// Asks whether the server is there (3.12).
    PingReq,
    /// It is (3.13).
    PingResp,
    /// The end (3.14).
    Disconnect {
        /// Why; 0, a normal end, before version 5.
        reason: u8,
    },
    /// A step of a longer authentication (MQTT 5, 3.15).
    Auth {
        /// Which one.
        reason: u8,
    },
}

/// A client arrives (3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connect {
    /// The version.
    pub version: Version,
    /// The client's name.
    pub client_id: String,
    /// Whether it wants a new session.
    pub clean_session: bool,
    /// The most seconds between two of its packets; 0 is without limit.
    pub keep_alive: u16,
    /// The message to be published when it disappears.
    pub will: Option<Publish>,
    /// Who it is.
    pub username: Option<String>,
    /// The proof.
    pub password: Option<Vec<u8>>,
}

/// A message (3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// Whether it was sent before.
    pub dup: bool,
    /// 0, 1 or 2.
    pub qos: u8,
    /// Whether it is kept for who subscribes later, or was.
    pub retain: bool,
    /// The topic. Empty in version 5, where an alias stands for it.
    pub topic: String,
    /// The packet's identifier, which QoS 0 does not have.
    pub id: Option<u16>,
    /// The message.
    pub payload: Vec<u8>,
}

/// The answer to a message (3.4 to 3.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The identifier of the message.
    pub id: u16,
    /// 0, and 128 and more where it was refused; 0 before version 5.
    pub reason: u8,
}

/// Decodes the packet at the beginning of these bytes. The version is that of
/// the connection's CONNECT, which says its own.
pub fn decode(bytes: &[u8], version: Version) -> Decoded<Packet> {
    whole(parse(bytes, version), bytes)
}

/// The same as soon as all but a message's payload is there.
pub(crate) fn parse(bytes: &[u8], version: Version) -> Parsed<Packet> {
    let mut reader = Reader::new(bytes);
    let (packet, frame) = decoded(&mut reader, version)?;
    reader.finish(packet, frame)
}

fn decoded(
    reader: &mut Reader<'_>,
    version: Version,
) -> Result<(Packet, Frame), Stop> {
    let first = reader.u8()?;
    let (number, flags) = (first >> 4, first & 15);
    let (kind, name) = usize::from(number)
        .checked_sub(1)
        .map(|index| KINDS[index])
        .filter(|(kind, _)| version == Version::V5 || *kind != Kind::Auth)
        .ok_or(reader.fault_at(Fault::MqttType, 0))?;
    let named = format!("{number} ({name})");
    reader.bits("mqtt.type", "MQTT Control Packet type", 0..4, named);
    if kind == Kind::Publish {
        reader.bits("mqtt.dup", "DUP flag", 4..5, flags >> 3);
        reader.bits("mqtt.qos", "QoS level", 5..7, flags >> 1 & 3);
        reader.bits("mqtt.retain", "RETAIN", 7..8, flags & 1);
        if flags & 6 == 6 {
            return Err(reader.fault_at(Fault::MqttQos, 0));
        }
    } else {
        let bits = format!("{flags:04b}");
        reader.bits("mqtt.flags", "Flags", 4..8, bits);
        if flags != kind.flags() {
            return Err(reader.fault_at(Fault::MqttFlags, 0));
        }
    }
    let length = remaining_length(reader)?;
    reader.ends_in(length);

    let mut carries = None;
    let packet = match kind {
        Kind::Connect => Packet::Connect(connect(reader)?),
        Kind::ConnAck => {
            let from = reader.at();
            let flags = reader.u8()?;
            if flags > 1 {
                return Err(reader.fault_at(Fault::MqttFlags, from));
            }
            let session_present = flags == 1;
            reader.field(
                "mqtt.session_present",
                "Session Present",
                from,
                flags,
            );
            let code = if version == Version::V5 {
                reason(reader)?
            } else {
                let from = reader.at();
                let code = reader.u8()?;
                reader.field(
                    "mqtt.return_code",
                    "Connect Return code",
                    from,
                    code,
                );
                code
            };
            properties(reader, version)?;
            Packet::ConnAck {
                session_present,
                code,
            }
        }
        Kind::Publish => {
            let publish = publish(reader, flags, version)?;
            carries = preview(&publish.payload);
            Packet::Publish(publish)
        }
        Kind::PubAck => Packet::PubAck(answer(reader, version)?),
        Kind::PubRec => Packet::PubRec(answer(reader, version)?),
        Kind::PubRel => Packet::PubRel(answer(reader, version)?),
        Kind::PubComp => Packet::PubComp(answer(reader, version)?),
        Kind::Subscribe => {
            let id = packet_id(reader)?;
            properties(reader, version)?;
            let filters = subscriptions(reader, version)?;
            Packet::Subscribe { id, filters }
        }
        Kind::SubAck => {
            let id = packet_id(reader)?;
            properties(reader, version)?;
            let (field, what) = match version {
                Version::V5 => ("mqtt.reason_code", "Reason Code"),
                _ => ("mqtt.granted_qos", "Return Code"),
            };
            let codes = codes(reader, field, what)?;
            Packet::SubAck { id, codes }
        }
        Kind::Unsubscribe => {
            let id = packet_id(reader)?;
            properties(reader, version)?;
            let mut filters = Vec::new();
            while reader.left() > 0 || filters.is_empty() {
                filters.push(filter(reader)?);
            }
            Packet::Unsubscribe { id, filters }
        }
        Kind::UnsubAck => {
            let id = packet_id(reader)?;
            properties(reader, version)?;
            let codes = match version {
                Version::V5 => {
                    codes(reader, "mqtt.reason_code", "Reason Code")?
                }
                _ => Vec::new(),
            };
            Packet::UnsubAck { id, codes }
        }
        Kind::PingReq => Packet::PingReq,
        Kind::PingResp => Packet::PingResp,
        Kind::Disconnect => Packet::Disconnect {
            reason: end(reader, version)?,
        },
        Kind::Auth => Packet::Auth {
            reason: end(reader, version)?,
        },
    };
    let summary = match summary(&packet) {
        Some(more) => format!("{name} {more}"),
        None => name.to_string(),
    };
    let kind = format!("mqtt.{}", name.to_ascii_lowercase());
    let mut frame = Frame::new(Protocol::Mqtt, kind, summary);
    frame.preview = carries;
    Ok((packet, frame))
}

/// What a packet's name does not say.
fn summary(packet: &Packet) -> Option<String> {
    let topic = |topic: &str| cut(topic, 60);
    let number = |id: u16, reason: u8| match reason {
        0 => format!("id {id}"),
        reason => format!("id {id} ({reason})"),
    };
    Some(match packet {
        Packet::Connect(connect) if connect.client_id.is_empty() => {
            return None;
        }
        Packet::Connect(connect) => topic(&connect.client_id),
        Packet::ConnAck { code, .. } => code.to_string(),
        Packet::Publish(publish) => {
            let mut text = format!("QoS {}", publish.qos);
            if let Some(id) = publish.id {
                text.push_str(&format!(" id {id}"));
            }
            if publish.dup {
                text.push_str(" DUP");
            }
            if publish.retain {
                text.push_str(" RETAIN");
            }
            format!("{text} {}", topic(&publish.topic))
        }
        Packet::PubAck(answer)
        | Packet::PubRec(answer)
        | Packet::PubRel(answer)
        | Packet::PubComp(answer) => number(answer.id, answer.reason),
        Packet::Subscribe { id, filters } => {
            let filters = filters.iter().take(3).map(|(filter, _)| filter);
            format!("id {id} {}", listed(filters))
        }
        Packet::Unsubscribe { id, filters } => {
            format!("id {id} {}", listed(filters.iter().take(3)))
        }
        Packet::SubAck { id, codes } => {
            let codes = codes.iter().take(8).map(ToString::to_string);
            let codes: Vec<String> = codes.collect();
            format!("id {id} ({})", codes.join(", "))
        }
        Packet::UnsubAck { id, .. } => format!("id {id}"),
        Packet::Disconnect { reason: 0 } => return None,
        Packet::Disconnect { reason } | Packet::Auth { reason } => {
            reason.to_string()
        }
        Packet::PingReq | Packet::PingResp => return None,
    })
}

fn listed<'a>(filters: impl Iterator<Item = &'a String>) -> String {
    let filters: Vec<String> = filters.map(|filter| cut(filter, 60)).collect();
    filters.join(", ")
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Connect,
    ConnAck,
    Publish,
    PubAck,
    PubRec,
    PubRel,
    PubComp,
    Subscribe,
    SubAck,
    Unsubscribe,
    UnsubAck,
    PingReq,
    PingResp,
    Disconnect,
    Auth,
}

/// The types and their names, from number 1 (2.2.1).
const KINDS: [(Kind, &str); 15] = [
    (Kind::Connect, "CONNECT"),
    (Kind::ConnAck, "CONNACK"),
    (Kind::Publish, "PUBLISH"),
    (Kind::PubAck, "PUBACK"),
    (Kind::PubRec, "PUBREC"),
    (Kind::PubRel, "PUBREL"),
    (Kind::PubComp, "PUBCOMP"),
    (Kind::Subscribe, "SUBSCRIBE"),
    (Kind::SubAck, "SUBACK"),
    (Kind::Unsubscribe, "UNSUBSCRIBE"),
    (Kind::UnsubAck, "UNSUBACK"),
    (Kind::PingReq, "PINGREQ"),
    (Kind::PingResp, "PINGRESP"),
    (Kind::Disconnect, "DISCONNECT"),
    (Kind::Auth, "AUTH"),
];

impl Kind {
    /// The flags that it must have (2.2.2).
    fn flags(self) -> u8 {
        match self {
            Kind::PubRel | Kind::Subscribe | Kind::Unsubscribe => 2,
            _ => 0,
        }
    }
}

/// The length of what follows, in one to four groups of seven bits, the lowest
/// first (2.2.3).
fn remaining_length(reader: &mut Reader<'_>) -> Result<usize, Stop> {
    let name = "Remaining Length";
    let whole = reader.open("mqtt.remaining_length", name);
    let mut length = 0;
    for shift in [0, 7, 14, 21] {
        let byte = reader.u8()?;
        let (more, group) = (byte >> 7, byte & 0x7f);
        reader.bits("mqtt.remaining_length.more", "more", 0..1, more);
        reader.bits("mqtt.remaining_length.group", "group", 1..8, group);
        length |= usize::from(group) << shift;
        if more == 0 {
            reader.close(whole, length);
            return Ok(length);
        }
    }
    Err(reader.fault(Fault::MqttLength))
}

/// A whole number in the same groups, as a property has it (MQTT 5, 1.5.5).
fn variable_number(reader: &mut Reader<'_>) -> Result<usize, Stop> {
    let mut number = 0;
    for shift in [0, 7, 14, 21] {
        let byte = reader.u8()?;
        number |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(number);
        }
    }
    Err(reader.fault(Fault::MqttLength))
}

fn connect(reader: &mut Reader<'_>) -> Result<Connect, Stop> {
    let from = reader.at();
    let name = reader.bytes_16()?;
    reader.field("mqtt.protocol_name", "Protocol Name", from, shown(name));
    let at = reader.at();
    let level = reader.u8()?;
    reader.field("mqtt.protocol_level", "Protocol Level", at, level);
    // Before version 5, the highest bit is set by a broker that is a bridge.
    let version = match (name, level) {
        (b"MQIsdp", 3 | 0x83) => Version::V3_1,
        (b"MQTT", 4 | 0x84) => Version::V3_1_1,
        (b"MQTT", 5) => Version::V5,
        _ => return Err(reader.fault_at(Fault::MqttProtocol, from)),
    };
    let at = reader.at();
    let flags = reader.u8()?;
    let bits = format!("{flags:08b}");
    reader.field("mqtt.connect_flags", "Connect Flags", at, bits);
    let has = |bit: u8| flags >> bit & 1;
    reader.bits("mqtt.connect.username", "User Name Flag", 0..1, has(7));
    reader.bits("mqtt.connect.password", "Password Flag", 1..2, has(6));
    reader.bits("mqtt.connect.will_retain", "Will Retain", 2..3, has(5));
    let will_qos = flags >> 3 & 3;
    reader.bits("mqtt.connect.will_qos", "Will QoS", 3..5, will_qos);
    reader.bits("mqtt.connect.will", "Will Flag", 5..6, has(2));
    let name = match version {
        Version::V5 => "Clean Start",
        _ => "Clean Session",
    };
    reader.bits("mqtt.connect.clean_session", name, 6..7, has(1));
    let only_password = flags & 0xc0 == 0x40 && version != Version::V5;
    let only_will = has(2) == 0 && flags & 0x38 != 0;
    if has(0) == 1 || only_will || only_password {
        return Err(reader.fault_at(Fault::MqttFlags, at));
    }
    if will_qos == 3 {
        return Err(reader.fault_at(Fault::MqttQos, at));
    }
    let at = reader.at();
    let keep_alive = reader.u16()?;
    reader.field("mqtt.keep_alive", "Keep Alive", at, keep_alive);
    properties(reader, version)?;

    let client_id =
        text(reader, "mqtt.client_id", "Client Identifier")?.to_string();
    let mut will = None;
    if has(2) == 1 {
        properties(reader, version)?;
        let topic = text(reader, "mqtt.will_topic", "Will Topic")?;
        let at = reader.at();
        let payload = reader.bytes_16()?;
        let value = shown(payload);
        reader.field("mqtt.will_message", "Will Message", at, value);
        will = Some(Publish {
            dup: false,
            qos: will_qos,
            retain: has(5) == 1,
            topic: topic.to_string(),
            id: None,
            payload: payload.to_vec(),
        });
    }
    let mut username = None;
    if has(7) == 1 {
        let name = text(reader, "mqtt.username", "User Name")?;
        username = Some(name.to_string());
    }
    let mut password = None;
    if has(6) == 1 {
        let at = reader.at();
        let bytes = reader.bytes_16()?;
        reader.field("mqtt.password", "Password", at, shown(bytes));
        password = Some(bytes.to_vec());
    }
    Ok(Connect {
        version,
        client_id,
        clean_session: has(1) == 1,
        keep_alive,
        will,
        username,
        password,
    })
}

fn publish(
    reader: &mut Reader<'_>,
    flags: u8,
    version: Version,
) -> Result<Publish, Stop> {
    let topic = text(reader, "mqtt.topic", "Topic Name")?.to_string();
    let qos = flags >> 1 & 3;
    let id = match qos {
        0 => None,
        _ => Some(packet_id(reader)?),
    };
    properties(reader, version)?;
    let (from, has_payload) = (reader.at(), reader.left() > 0);
    let payload = reader.rest().to_vec();
    if has_payload {
        reader.field("mqtt.payload", "Payload", from, shown(&payload));
    }
    Ok(Publish {
        dup: flags & 8 != 0,
        qos,
        retain: flags & 1 != 0,
        topic,
        id,
        payload,
    })
}

fn answer(reader: &mut Reader<'_>, version: Version) -> Result<Answer, Stop> {
    let id = packet_id(reader)?;
    let reason = end(reader, version)?;
    Ok(Answer { id, reason })
}

/// A reason and properties, which may be left out (MQTT 5, 3.4.2).
fn end(reader: &mut Reader<'_>, version: Version) -> Result<u8, Stop> {
    if version != Version::V5 || reader.left() == 0 {
        return Ok(0);
    }
    let reason = reason(reader)?;
    if reader.left() > 0 {
        properties(reader, version)?;
    }
    Ok(reason)
}

fn reason(reader: &mut Reader<'_>) -> Result<u8, Stop> {
    let from = reader.at();
    let reason = reader.u8()?;
    reader.field("mqtt.reason_code", "Reason Code", from, reason);
    Ok(reason)
}

fn codes(
    reader: &mut Reader<'_>,
    id: &'static str,
    name: &'static str,
) -> Result<Vec<u8>, Stop> {
    let mut codes = Vec::new();
    while reader.left() > 0 {
        let from = reader.at();
        let code = reader.u8()?;
        reader.field(id, name, from, code);
        codes.push(code);
    }
    Ok(codes)
}

fn subscriptions(
    reader: &mut Reader<'_>,
    version: Version,
) -> Result<Vec<(String, u8)>, Stop> {
    let mut filters = Vec::new();
    while reader.left() > 0 || filters.is_empty() {
        let filter = filter(reader)?;
        let from = reader.at();
        let options = reader.u8()?;
        let qos = options & 3;
        if version == Version::V5 {
            let name = "Subscription Options";
            let bits = format!("{options:08b}");
            reader.field("mqtt.subscription_options", name, from, bits);
        }
        let known = if version == Version::V5 { 0x3f } else { 3 };
        if options > known {
            return Err(reader.fault_at(Fault::MqttFlags, from));
        }
        if qos == 3 {
            return Err(reader.fault_at(Fault::MqttQos, from));
        }
        reader.bits("mqtt.requested_qos", "Requested QoS", 6..8, qos);
        filters.push((filter, qos));
    }
    Ok(filters)
}

fn filter(reader: &mut Reader<'_>) -> Result<String, Stop> {
    if reader.left() == 0 {
        return Err(reader.fault(Fault::MqttNoFilter));
    }
    Ok(text(reader, "mqtt.filter", "Topic Filter")?.to_string())
}

fn packet_id(reader: &mut Reader<'_>) -> Result<u16, Stop> {
    let from = reader.at();
    let id = reader.u16()?;
    if id == 0 {
        return Err(reader.fault_at(Fault::MqttId, from));
    }
    reader.field("mqtt.packet_id", "Packet Identifier", from, id);
    Ok(id)
}

/// A text after its length (1.5.3).
fn text<'a>(
    reader: &mut Reader<'a>,
    id: &'static str,
    name: &'static str,
) -> Result<&'a str, Stop> {
    let from = reader.at();
    let text = string(reader)?;
    reader.field(id, name, from, cut(text, 1_000));
    Ok(text)
}

/// A text, which does not have the character 0 (1.5.3).
fn string<'a>(reader: &mut Reader<'a>) -> Result<&'a str, Stop> {
    let from = reader.at() + 2;
    let text = reader.text_16()?;
    match text.find('\0') {
        Some(at) => Err(reader.fault_at(Fault::MqttNull, from + at)),
        None => Ok(text),
    }
}

/// The properties that version 5 has here (MQTT 5, 2.2.2).
fn properties(reader: &mut Reader<'_>, version: Version) -> Result<(), Stop> {
    if version != Version::V5 {
        return Ok(());
    }
    let from = reader.at();
    let length = variable_number(reader)?;
    let name = "Property Length";
    reader.field("mqtt.properties_length", name, from, length);
    reader.within(length, |reader| {
        while reader.left() > 0 {
            property(reader)?;
        }
        Ok(())
    })
}

fn property(reader: &mut Reader<'_>) -> Result<(), Stop> {
    let from = reader.at();
    let number = variable_number(reader)?;
    let (name, kind) = match number {
        1 => ("Payload Format Indicator", Value::Byte),
        2 => ("Message Expiry Interval", Value::Four),
        3 => ("Content Type", Value::Text),
        8 => ("Response Topic", Value::Text),
        9 => ("Correlation Data", Value::Bytes),
        11 => ("Subscription Identifier", Value::Variable),
        17 => ("Session Expiry Interval", Value::Four),
        18 => ("Assigned Client Identifier", Value::Text),
        19 => ("Server Keep Alive", Value::Two),
        21 => ("Authentication Method", Value::Text),
        22 => ("Authentication Data", Value::Bytes),
        23 => ("Request Problem Information", Value::Byte),
        24 => ("Will Delay Interval", Value::Four),
        25 => ("Request Response Information", Value::Byte),
        26 => ("Response Information", Value::Text),
        28 => ("Server Reference", Value::Text),
        31 => ("Reason String", Value::Text),
        33 => ("Receive Maximum", Value::Two),
        34 => ("Topic Alias Maximum", Value::Two),
        35 => ("Topic Alias", Value::Two),
        36 => ("Maximum QoS", Value::Byte),
        37 => ("Retain Available", Value::Byte),
        38 => ("User Property", Value::Pair),
        39 => ("Maximum Packet Size", Value::Four),
        40 => ("Wildcard Subscription Available", Value::Byte),
        41 => ("Subscription Identifier Available", Value::Byte),
        42 => ("Shared Subscription Available", Value::Byte),
        _ => return Err(reader.fault_at(Fault::MqttProperty, from)),
    };
    let value = match kind {
        Value::Byte => reader.u8()?.to_string(),
        Value::Two => reader.u16()?.to_string(),
        Value::Four => reader.u32()?.to_string(),
        Value::Variable => variable_number(reader)?.to_string(),
        Value::Bytes => shown(reader.bytes_16()?),
        Value::Text => cut(string(reader)?, 1_000),
        Value::Pair => {
            let name = cut(string(reader)?, 500);
            format!("{name}={}", cut(string(reader)?, 500))
        }
    };
    reader.field("mqtt.property", name, from, value);
    Ok(())
}

/// The value of a property (MQTT 5, 1.5).
enum Value {
    Byte,
    Two,
    Four,
    Variable,
    Bytes,
    Text,
    Pair,
}
