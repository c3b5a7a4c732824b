//! A frame: what it is, and which of its bytes say so.

use std::borrow::Cow;
use std::ops::Range;

use crate::excerpt::line;
use crate::fault::Malformed;

/// A protocol of the lecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// HTTP/1.0 and HTTP/1.1 (RFC 9112).
    Http,
    /// WebSocket, after its opening handshake (RFC 6455).
    WebSocket,
    /// MQTT 3.1.1 and 5 (OASIS).
    Mqtt,
    /// AMQP 0-9-1.
    Amqp,
    /// What ZeroMQ speaks over TCP: ZMTP 3.0 and 3.1 (ZeroMQ RFC 23 and 37).
    Zmtp,
    /// No protocol above TCP or UDP: text, or any bytes.
    Text,
}

impl Protocol {
    /// A name for programs: lower case, no spaces; the first part of the
    /// protocol's field identifiers.
    pub fn id(self) -> &'static str {
        match self {
            Protocol::Http => "http",
            Protocol::WebSocket => "websocket",
            Protocol::Mqtt => "mqtt",
            Protocol::Amqp => "amqp",
            Protocol::Zmtp => "zmtp",
            Protocol::Text => "text",
        }
    }
}

/// A frame, as it is shown: HTTP's message, MQTT's packet, ZeroMQ's message of
/// several frames, a datagram.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Whose frame it is.
    pub protocol: Protocol,
    /// Which of the protocol's frames, for programs: `"http.request"`,
    /// `"mqtt.publish"`, `"amqp.basic.deliver"`, `"websocket.text"`.
    pub kind: Cow<'static, str>,
    /// What it says, in the protocol's own terms: `GET /items/1`, `200 OK`,
    /// `PUBLISH QoS 1 id 7`, `Basic.Deliver`. One line, short.
    pub summary: String,
    /// What it carries, where that is text: its beginning, on one line.
    pub preview: Option<String>,
    /// The parts, in the order of their bytes; a part of a part comes after
    /// the whole. Of very many, the first ones.
    pub fields: Vec<Field>,
}

impl Frame {
    /// A frame without its parts. The summary becomes one short line.
    pub(crate) fn new(
        protocol: Protocol,
        kind: impl Into<Cow<'static, str>>,
        summary: impl AsRef<str>,
    ) -> Frame {
        Frame {
            protocol,
            kind: kind.into(),
            summary: line(summary.as_ref(), 200),
            preview: None,
            fields: Vec::new(),
        }
    }
}

/// A part of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is, for programs: one of [`field_ids`](crate::field_ids).
    pub id: &'static str,
    /// Its name in the protocol's specification, or the one that the frame
    /// itself gives it (a header's, a property's).
    pub name: Cow<'static, str>,
    /// Where its bytes are, counted from the frame's first one. The end is
    /// beyond the bytes that were kept where the frame was cut.
    pub bytes: Range<usize>,
    /// Which bits of these bytes, where it is not all of them. Bit 0 is the
    /// highest one of the first byte, as the RFCs draw them.
    pub bits: Option<Range<usize>>,
    /// What it says, as text.
    pub value: String,
}

/// What a decoder makes of the bytes that it is given.
#[derive(Clone, Debug, PartialEq)]
pub enum Decoded<T> {
    /// They begin with a whole frame.
    Whole(Whole<T>),
    /// They may be the beginning of a frame.
    NotYet {
        /// How many bytes there must be, these included, before it is of any
        /// use to ask again: at least one more than there are.
        needed: usize,
    },
    /// They are no frame, whatever comes next.
    Malformed(Malformed),
}

/// A frame that was decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Whole<T> {
    /// What it says, for programs.
    pub content: T,
    /// What it says, for people.
    pub frame: Frame,
    /// How many bytes it takes.
    pub length: usize,
}

impl<T> Whole<T> {
    /// The same with the content made into something else.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Whole<U> {
        Whole {
            content: change(self.content),
            frame: self.frame,
            length: self.length,
        }
    }
}

impl<T> Decoded<T> {
    /// The frame, where there is a whole one.
    pub fn whole(self) -> Option<Whole<T>> {
        match self {
            Decoded::Whole(whole) => Some(whole),
            _ => None,
        }
    }
}
