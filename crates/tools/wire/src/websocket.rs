//! WebSocket, after the opening handshake: RFC 6455, 5.

use crate::excerpt::{hex, preview, shown};
use crate::fault::{Fault, Malformed};
use crate::frame::{Decoded, Protocol};
use crate::reader::{Parsed, Reader, whole};

/// The parts of a frame.
pub const FIELDS: &[&str] = &[
    "websocket.fin",
    "websocket.rsv",
    "websocket.opcode",
    "websocket.mask",
    "websocket.length",
    "websocket.extended_length",
    "websocket.masking_key",
    "websocket.payload",
    "websocket.close_code",
    "websocket.close_reason",
];

/// A frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Whether it is the last one of its message.
    pub fin: bool,
    /// The three reserved bits, as the lowest ones; 4 is RSV1, which
    /// permessage-deflate sets (RFC 7692, 6).
    pub rsv: u8,
    /// What the frame is.
    pub opcode: Opcode,
    /// The key, where it came masked, as a client's frames must.
    pub masking_key: Option<[u8; 4]>,
    /// What it carries, without the mask.
    pub payload: Vec<u8>,
}

/// What a frame is (RFC 6455, 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Opcode {
    /// More of the message that another frame began.
    Continuation = 0,
    /// The first frame of a text, which is UTF-8.
    Text = 1,
    /// The first frame of any bytes.
    Binary = 2,
    /// The end, with a code and a reason, or nothing.
    Close = 8,
    /// Asks for a Pong with the same payload.
    Ping = 9,
    /// Answers a Ping, or says that one is still there.
    Pong = 10,
}

impl Opcode {
    /// The opcode with this number; the others are reserved.
    fn from_number(number: u8) -> Option<Opcode> {
        [
            Opcode::Continuation,
            Opcode::Text,
            Opcode::Binary,
            Opcode::Close,
            Opcode::Ping,
            Opcode::Pong,
        ]
        .into_iter()
        .find(|opcode| *opcode as u8 == number)
    }

    /// Whether it is a control frame: Close, Ping or Pong.
    fn is_control(self) -> bool {
        self as u8 >= 8
    }
}

/// Decodes the frame at the beginning of these bytes. Whether it is masked as
/// its sender must is for the caller to judge, and so is RSV1; the other two
/// reserved bits are malformed.
pub fn decode(bytes: &[u8]) -> Decoded<Frame> {
    whole(parse(bytes), bytes)
}

/// The same as soon as all but the payload is there.
pub(crate) fn parse(bytes: &[u8]) -> Parsed<Frame> {
    let mut reader = Reader::new(bytes);
    let first = reader.u8()?;
    let (fin, rsv, number) = (first >= 0x80, first >> 4 & 7, first & 15);
    reader.bits("websocket.fin", "FIN", 0..1, u8::from(fin));
    reader.bits("websocket.rsv", "RSV1-3", 1..4, format!("{rsv:03b}"));
    let opcode = Opcode::from_number(number)
        .ok_or(reader.fault_at(Fault::WebSocketOpcode, 0))?;
    let named = format!("{number} ({opcode:?})");
    reader.bits("websocket.opcode", "opcode", 4..8, named);
    if rsv & 3 != 0 {
        return Err(reader.fault_at(Fault::WebSocketReserved, 0));
    }
    if opcode.is_control() && !fin {
        return Err(reader.fault_at(Fault::WebSocketControlFragment, 0));
    }

    let second = reader.u8()?;
    let (masked, short) = (second >= 0x80, second & 0x7f);
    reader.bits("websocket.mask", "MASK", 0..1, u8::from(masked));
    reader.bits("websocket.length", "Payload len", 1..8, short);
    if opcode.is_control() && short > 125 {
        return Err(reader.fault_at(Fault::WebSocketControlLength, 1));
    }
    let from = reader.at();
    let length = match short {
        126 => reader.u16()?.into(),
        127 => reader.u64()?,
        short => short.into(),
    };
    let least = match short {
        126 => 126,
        127 => 1 << 16,
        _ => 0,
    };
    if length < least || length >= 1 << 63 {
        return Err(reader.fault_at(Fault::WebSocketLength, from));
    }
    if short > 125 {
        let name = "Extended payload length";
        reader.field("websocket.extended_length", name, from, length);
    }

    let mut masking_key = None;
    if masked {
        let from = reader.at();
        let key = [reader.u8()?, reader.u8()?, reader.u8()?, reader.u8()?];
        masking_key = Some(key);
        let value = hex(&key);
        reader.field("websocket.masking_key", "Masking-key", from, value);
    }
    let from = reader.at();
    reader.ends_in(usize::try_from(length).unwrap_or(usize::MAX));
    let mut payload = match opcode.is_control() {
        true => reader.take(short.into())?.to_vec(),
        false => reader.rest().to_vec(),
    };
    if let Some(key) = masking_key {
        for (byte, key) in payload.iter_mut().zip(key.iter().cycle()) {
            *byte ^= key;
        }
    }
    let mut summary = format!("{opcode:?}");
    let kind = format!("websocket.{}", summary.to_ascii_lowercase());
    let mut carries = preview(&payload);
    let mut value = shown(&payload);
    if rsv != 0 {
        // An extension has changed it, and it is no text any more.
        value = hex(&payload);
        carries = None;
    }
    if length > 0 {
        reader.field("websocket.payload", "Payload", from, value);
    }
    if opcode == Opcode::Close
        && let Some(close) = close(&payload, from)?
    {
        summary = format!("Close {}", close.code);
        carries = preview(close.reason.as_bytes());
        let name = "Status code";
        let reason = from + 2;
        reader.list("websocket.close_code", name, from..reason, close.code);
        if !close.reason.is_empty() {
            let at = reason..reason + close.reason.len();
            reader.list("websocket.close_reason", "Reason", at, close.reason);
        }
    }
    let content = Frame {
        fin,
        rsv,
        opcode,
        masking_key,
        payload,
    };
    let mut frame = crate::Frame::new(Protocol::WebSocket, kind, summary);
    frame.preview = carries;
    reader.finish(content, frame)
}

struct Close<'a> {
    code: u16,
    reason: &'a str,
}

/// What a Close says (RFC 6455, 5.5.1), which begins there.
fn close(payload: &[u8], at: usize) -> Result<Option<Close<'_>>, Malformed> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return match payload {
            [] => Ok(None),
            _ => Err(Malformed {
                fault: Fault::WebSocketCloseCode,
                at,
            }),
        };
    };
    let reason = std::str::from_utf8(reason).map_err(|error| Malformed {
        fault: Fault::NotUtf8,
        at: at + 2 + error.valid_up_to(),
    })?;
    let code = u16::from_be_bytes(*code);
    Ok(Some(Close { code, reason }))
}

/// What the frames of one direction say together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A text, in one frame or more.
    Text(String),
    /// Any bytes, in one frame or more.
    Binary(Vec<u8>),
    /// The end: its code and its reason, where it has them.
    Close(Option<(u16, String)>),
    /// Asks for a Pong.
    Ping(Vec<u8>),
    /// Answers a Ping.
    Pong(Vec<u8>),
}

/// Puts the messages of one direction together from their frames (RFC 6455,
/// 5.4). Control frames may come between the fragments of a message.
#[derive(Debug)]
pub struct Assembler {
    limit: usize,
    /// The message that has begun.
    begun: Option<(Opcode, Vec<u8>)>,
}

impl Assembler {
    /// One that takes messages of up to so many bytes.
    pub fn new(limit: usize) -> Assembler {
        Assembler { limit, begun: None }
    }

    /// Takes the next frame, and gives the message that it makes whole. What is
    /// malformed is so at byte 0 of the frame, or for a text that is not UTF-8,
    /// at that byte of the message.
    pub fn push(&mut self, frame: Frame) -> Result<Option<Message>, Malformed> {
        let fault = |fault| Malformed { fault, at: 0 };
        let payload = frame.payload;
        match frame.opcode {
            Opcode::Ping => return Ok(Some(Message::Ping(payload))),
            Opcode::Pong => return Ok(Some(Message::Pong(payload))),
            Opcode::Close => {
                let close = close(&payload, 0)?;
                let owned = |close: Close| (close.code, close.reason.into());
                return Ok(Some(Message::Close(close.map(owned))));
            }
            Opcode::Text | Opcode::Binary => {
                if self.begun.is_some() {
                    return Err(fault(Fault::WebSocketInterrupted));
                }
                self.begun = Some((frame.opcode, Vec::new()));
            }
            Opcode::Continuation => {}
        }
        let Some((_, all)) = &mut self.begun else {
            return Err(fault(Fault::WebSocketContinuation));
        };
        if all.len() + payload.len() > self.limit {
            return Err(fault(Fault::TooLong));
        }
        all.extend_from_slice(&payload);
        if !frame.fin {
            return Ok(None);
        }
        Ok(match self.begun.take() {
            Some((Opcode::Text, all)) => Some(Message::Text(
                String::from_utf8(all).map_err(|error| Malformed {
                    fault: Fault::NotUtf8,
                    at: error.utf8_error().valid_up_to(),
                })?,
            )),
            Some((_, all)) => Some(Message::Binary(all)),
            None => None,
        })
    }
}
