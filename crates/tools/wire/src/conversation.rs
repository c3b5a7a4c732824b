//! What two programs say to each other on one connection, in the terms of the
//! protocol that they turn out to speak.

use std::collections::VecDeque;

use crate::detect::{Guess, guess};
use crate::event::{Direction, Happening, Transport};
use crate::excerpt::{preview, shown};
use crate::fault::{Fault, Malformed};
use crate::frame::{Frame, Protocol};
use crate::reader::{Fields, Parsed, Stop};
use crate::{amqp, http, mqtt, text, websocket, zmtp};

/// The most bytes of a frame that are kept, decoded and given. Of a longer one
/// the beginning is.
pub const LIMIT: usize = 256 * 1024;

/// The most requests without a response that are remembered.
const REQUESTS: usize = 10_000;

/// What one side said: a frame, or bytes that are none.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its number on this connection, from 0.
    pub number: u64,
    /// Which way it went.
    pub direction: Direction,
    /// How many bytes went this way before it.
    pub offset: u64,
    /// How many bytes it takes.
    pub length: u64,
    /// The bytes: all of them, or the first [`LIMIT`].
    pub bytes: Vec<u8>,
    /// What they say.
    pub content: Content,
    /// The number of the message that this one is the response to, where the
    /// protocol knows only by the order (HTTP).
    pub answers: Option<u64>,
}

/// What the bytes of a message say.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A frame.
    Frame(Frame),
    /// Nothing that can be read, and why.
    Unread(Malformed),
}

/// The conversation of one connection: takes what is sent, in pieces of any
/// size, and gives the messages that become whole.
///
/// It keeps no more than a few times [`LIMIT`], whatever is sent.
pub struct Conversation {
    transport: Transport,
    /// Which protocol, as soon as that is known.
    protocol: Option<Protocol>,
    to_server: Side,
    to_client: Side,
    messages: u64,
    /// MQTT's version, as the CONNECT says.
    version: mqtt::Version,
    /// Whether the WebSocket's messages may be compressed (RFC 7692).
    compressed: bool,
    /// HTTP's requests that have no response yet.
    requests: VecDeque<Asked>,
}

/// A request.
struct Asked {
    number: u64,
    role: http::Role,
    /// It asks for another protocol: what follows it is understood only after
    /// the response.
    upgrades: bool,
}

/// One direction.
struct Side {
    state: State,
    /// What is not decoded yet.
    buffer: Vec<u8>,
    /// How long the buffer must be before it is looked at again.
    needed: usize,
    /// How many bytes went before the buffer.
    offset: u64,
    /// A message that is longer than what is kept of it, and how many bytes of
    /// it are still to come.
    long: Option<Message>,
    skip: usize,
}

enum State {
    /// Nothing came yet, or it is not known what it is.
    Start,
    /// Frames that are decoded from the buffer.
    Frames,
    /// A message of HTTP.
    Http(Box<http::Incoming>),
    /// Frames of ZMTP, after the greeting, and those of a message that came.
    Zmtp(Box<Parts>),
    /// Bytes as they come.
    Text,
    /// Where the next frame begins is not known.
    Lost(Fault),
}

/// The frames of a ZeroMQ message while they come.
#[derive(Default)]
struct Parts {
    /// Whether the socket here subscribes with messages, as in ZMTP 3.0.
    subscribes: bool,
    count: usize,
    length: usize,
    bytes: Vec<u8>,
    fields: Fields,
    previews: Vec<String>,
}

/// What a frame means for the conversation.
enum Said {
    Nothing,
    /// MQTT's version.
    Version(mqtt::Version),
    /// ZMTP's greeting.
    Greeting,
    /// ZMTP's READY, from this kind of socket.
    Ready(Option<String>),
    /// A part of a ZeroMQ message, and whether another one follows.
    Part {
        more: bool,
    },
}

impl Side {
    fn new() -> Side {
        Side {
            state: State::Start,
            buffer: Vec::new(),
            needed: 0,
            offset: 0,
            long: None,
            skip: 0,
        }
    }

    fn memory(&self) -> usize {
        let state = match &self.state {
            State::Http(incoming) => incoming.memory(),
            State::Zmtp(parts) => parts.bytes.capacity(),
            _ => 0,
        };
        let long = self.long.as_ref();
        let long = long.map_or(0, |long| long.bytes.capacity());
        self.buffer.capacity() + long + state
    }
}

impl Conversation {
    /// A conversation of which nothing was heard yet. Without a protocol it
    /// finds out; where none of those known is spoken, it is text. The protocol
    /// is HTTP for a WebSocket, too.
    pub fn new(
        transport: Transport,
        protocol: Option<Protocol>,
    ) -> Conversation {
        let mut conversation = Conversation {
            transport,
            protocol: None,
            to_server: Side::new(),
            to_client: Side::new(),
            messages: 0,
            version: mqtt::Version::V3_1_1,
            compressed: false,
            requests: VecDeque::new(),
        };
        match (transport, protocol) {
            (Transport::Udp, _) => conversation.speaks(Protocol::Text),
            (_, Some(protocol)) => conversation.speaks(protocol),
            (_, None) => {}
        }
        conversation
    }

    /// What is spoken, as soon as that is known. From HTTP it can change to
    /// WebSocket.
    pub fn protocol(&self) -> Option<Protocol> {
        self.protocol
    }

    /// How many bytes are kept of what is not yet whole.
    pub fn memory(&self) -> usize {
        self.to_server.memory() + self.to_client.memory()
    }

    /// Takes what happened, and gives the messages that it makes whole.
    pub fn hear(&mut self, what: &Happening) -> Vec<Message> {
        match what {
            Happening::Data { direction, bytes }
            | Happening::Datagram { direction, bytes } => {
                self.push(*direction, bytes)
            }
            Happening::HalfClosed(direction) => self.end(*direction),
            Happening::Reset(_) | Happening::Closed => {
                let mut messages = self.end(Direction::ToServer);
                messages.extend(self.end(Direction::ToClient));
                messages
            }
            Happening::Opened(_) | Happening::Refused(_) => Vec::new(),
        }
    }

    /// Takes bytes, and gives the messages that they make whole. Over UDP they
    /// are a datagram.
    pub fn push(&mut self, direction: Direction, bytes: &[u8]) -> Vec<Message> {
        let mut messages = Vec::new();
        if self.transport == Transport::Udp {
            let frame = text::datagram(bytes);
            let length = bytes.len();
            let content = Content::Frame(frame);
            self.emit(direction, bytes.into(), length, content, &mut messages);
            return messages;
        }
        for piece in bytes.chunks(LIMIT) {
            self.take(direction, piece, &mut messages);
        }
        messages
    }

    /// Nothing more comes this way: gives what is left.
    pub fn end(&mut self, direction: Direction) -> Vec<Message> {
        let mut messages = Vec::new();
        if self.protocol.is_none() {
            self.decide(Protocol::Text, &mut messages);
        }
        let side = self.side(direction);
        let unfinished = |at| {
            Content::Unread(Malformed {
                fault: Fault::Unfinished,
                at,
            })
        };
        if let Some(mut long) = side.long.take() {
            long.length -= side.skip as u64;
            long.content = unfinished(long.bytes.len());
            side.skip = 0;
            side.offset += long.length;
            long.number = self.number();
            messages.push(long);
            return messages;
        }
        if let State::Http(incoming) = &mut side.state
            && incoming.length() > 0
        {
            let progress = incoming.end();
            self.http(direction, progress, &mut messages);
            return messages;
        }
        if let State::Frames | State::Zmtp(_) = side.state
            && side.skip == 0
            && let Some(protocol) = self.protocol
        {
            // It may have been wrong before it was cut.
            let bytes = std::mem::take(&mut self.side(direction).buffer);
            if let Err(Stop::Malformed(malformed)) =
                self.parse(protocol, direction, &bytes)
            {
                self.lose_frame(direction, &bytes, malformed, &mut messages);
                return messages;
            }
            self.side(direction).buffer = bytes;
        }
        let side = self.side(direction);
        let mut bytes = Vec::new();
        let mut length = side.buffer.len();
        if let State::Zmtp(parts) = &mut side.state {
            length += parts.length;
            bytes = std::mem::take(&mut **parts).bytes;
        }
        length = length.saturating_sub(side.skip);
        bytes.append(&mut side.buffer);
        if length > 0 {
            let content = unfinished(length);
            self.emit(direction, bytes, length, content, &mut messages);
        }
        messages
    }

    fn side(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::ToServer => &mut self.to_server,
            Direction::ToClient => &mut self.to_client,
        }
    }

    fn number(&mut self) -> u64 {
        self.messages += 1;
        self.messages - 1
    }

    /// Gives a message, or keeps it until all its bytes have gone by.
    fn emit(
        &mut self,
        direction: Direction,
        mut bytes: Vec<u8>,
        length: usize,
        content: Content,
        messages: &mut Vec<Message>,
    ) {
        bytes.truncate(LIMIT);
        let side = self.side(direction);
        let mut message = Message {
            number: 0,
            direction,
            offset: side.offset,
            length: length as u64,
            bytes,
            content,
            answers: None,
        };
        if side.skip > 0 {
            side.long = Some(message);
            return;
        }
        side.offset += length as u64;
        message.number = self.number();
        messages.push(message);
    }

    /// Sets out to decode this protocol.
    fn speaks(&mut self, protocol: Protocol) {
        self.protocol = Some(protocol);
        for direction in [Direction::ToServer, Direction::ToClient] {
            self.side(direction).state = match protocol {
                Protocol::Http => State::Start,
                Protocol::Text => State::Text,
                _ => State::Frames,
            };
        }
    }

    /// Decodes what has come before it was known what it is.
    fn decide(&mut self, protocol: Protocol, messages: &mut Vec<Message>) {
        self.speaks(protocol);
        for direction in [Direction::ToServer, Direction::ToClient] {
            let held = std::mem::take(&mut self.side(direction).buffer);
            if !held.is_empty() {
                self.take(direction, &held, messages);
            }
        }
    }

    fn take(
        &mut self,
        direction: Direction,
        piece: &[u8],
        messages: &mut Vec<Message>,
    ) {
        let Some(protocol) = self.protocol else {
            let side = self.side(direction);
            side.buffer.extend_from_slice(piece);
            if let Guess::Is(protocol) = guess(direction, &side.buffer) {
                self.decide(protocol, messages);
            }
            return;
        };
        match &self.side(direction).state {
            State::Lost(fault) => {
                let fault = *fault;
                self.lose(direction, piece, fault, messages);
            }
            State::Text => {
                let content = Content::Frame(text::segment(piece));
                let length = piece.len();
                self.emit(direction, piece.into(), length, content, messages);
            }
            State::Start | State::Http(_) => {
                self.take_http(direction, piece, messages);
            }
            State::Frames | State::Zmtp(_) => {
                self.take_frames(protocol, direction, piece, messages);
            }
        }
    }

    /// Gives bytes that nobody can decode.
    fn lose(
        &mut self,
        direction: Direction,
        bytes: &[u8],
        fault: Fault,
        messages: &mut Vec<Message>,
    ) {
        self.side(direction).state = State::Lost(fault);
        if !bytes.is_empty() {
            let content = Content::Unread(Malformed { fault, at: 0 });
            let length = bytes.len();
            self.emit(direction, bytes.into(), length, content, messages);
        }
    }

    fn take_http(
        &mut self,
        direction: Direction,
        piece: &[u8],
        messages: &mut Vec<Message>,
    ) {
        let mut taken = 0;
        while taken < piece.len() {
            let rest = &piece[taken..];
            // Another protocol begins, or HTTP goes on: the response will tell.
            let waits = self.requests.back().is_some_and(|last| last.upgrades);
            if direction == Direction::ToServer && waits {
                let side = &mut self.to_server;
                side.buffer.extend_from_slice(rest);
                if side.buffer.len() > LIMIT {
                    let held = std::mem::take(&mut side.buffer);
                    self.lose(direction, &held, Fault::TooLong, messages);
                }
                return;
            }
            let role = match (direction, self.requests.front()) {
                (Direction::ToServer, _) => http::Role::Request,
                (Direction::ToClient, Some(asked)) => asked.role,
                (Direction::ToClient, None) => http::Role::Response,
            };
            let side = self.side(direction);
            if !matches!(side.state, State::Http(_)) {
                let incoming = http::Incoming::new(role, LIMIT);
                side.state = State::Http(Box::new(incoming));
            }
            let State::Http(incoming) = &mut side.state else {
                return;
            };
            let (count, progress) = incoming.push(rest);
            taken += count;
            self.http(direction, progress, messages);
            if !matches!(
                self.side(direction).state,
                State::Start | State::Http(_)
            ) {
                // It is HTTP no more.
                let rest = &piece[taken..];
                if !rest.is_empty() {
                    self.take(direction, rest, messages);
                }
                return;
            }
        }
    }

    /// Gives the message of HTTP that is whole, or is none.
    fn http(
        &mut self,
        direction: Direction,
        progress: http::Progress,
        messages: &mut Vec<Message>,
    ) {
        if let http::Progress::More = progress {
            return;
        }
        let side = self.side(direction);
        let State::Http(mut incoming) =
            std::mem::replace(&mut side.state, State::Start)
        else {
            return;
        };
        let bytes = incoming.take_kept();
        let whole = match progress {
            http::Progress::Whole(whole) => whole,
            http::Progress::More => return,
            http::Progress::Malformed(malformed) => {
                side.state = State::Lost(Fault::Lost);
                let content = Content::Unread(malformed);
                let length = incoming.length();
                self.emit(direction, bytes, length, content, messages);
                return;
            }
        };
        let content = Content::Frame(whole.frame);
        self.emit(direction, bytes, whole.length, content, messages);
        let Some(emitted) = messages.last_mut() else {
            return;
        };
        let http = whole.content;
        if let http::Start::Request { method, .. } = &http.start {
            if self.requests.len() < REQUESTS {
                self.requests.push_back(Asked {
                    number: emitted.number,
                    role: http::Role::response_to(method),
                    upgrades: method == "CONNECT"
                        || http.upgrades_to_websocket(),
                });
            }
            return;
        }
        emitted.answers = self.requests.front().map(|asked| asked.number);
        let status = http.status().unwrap_or_default();
        if (100..=199).contains(&status) && status != 101 {
            return;
        }
        let Some(asked) = self.requests.pop_front() else {
            return;
        };
        let connects = asked.role == http::Role::ResponseToConnect;
        if status == 101 && asked.upgrades && http.upgrades_to_websocket() {
            self.compressed = http
                .values("sec-websocket-extensions")
                .any(|value| value.contains("permessage-deflate"));
            self.decide(Protocol::WebSocket, messages);
        } else if status == 101 || connects && (200..=299).contains(&status) {
            self.to_client.state = State::Lost(Fault::OtherProtocol);
            let held = std::mem::take(&mut self.to_server.buffer);
            let fault = Fault::OtherProtocol;
            self.lose(Direction::ToServer, &held, fault, messages);
        } else if asked.upgrades {
            let held = std::mem::take(&mut self.to_server.buffer);
            if !held.is_empty() {
                self.take(Direction::ToServer, &held, messages);
            }
        }
    }

    fn take_frames(
        &mut self,
        protocol: Protocol,
        direction: Direction,
        piece: &[u8],
        messages: &mut Vec<Message>,
    ) {
        let side = self.side(direction);
        let skipped = side.skip.min(piece.len());
        side.skip -= skipped;
        if side.skip == 0
            && let Some(mut long) = side.long.take()
        {
            side.offset += long.length;
            long.number = self.number();
            messages.push(long);
        }
        let side = self.side(direction);
        side.buffer.extend_from_slice(&piece[skipped..]);
        let buffer = std::mem::take(&mut side.buffer);
        let mut at = 0;
        while at < buffer.len() {
            let bytes = &buffer[at..];
            let side = self.side(direction);
            if side.skip > 0 || bytes.len() < side.needed {
                break;
            }
            let parsed = self.parse(protocol, direction, bytes);
            let (content, length, said) = match parsed {
                Ok(whole) => {
                    let frame = Content::Frame(whole.frame);
                    (frame, whole.length, whole.content)
                }
                Err(Stop::NotYet { needed }) => {
                    let fault = Fault::TooLong;
                    let content = Content::Unread(Malformed { fault, at: 0 });
                    (content, needed, Said::Nothing)
                }
                Err(Stop::Malformed(malformed)) => {
                    self.lose_frame(direction, bytes, malformed, messages);
                    return;
                }
            };
            let side = self.side(direction);
            // Of a long one the beginning will do.
            if bytes.len() < length.min(LIMIT) {
                side.needed = length.min(LIMIT);
                break;
            }
            side.needed = 0;
            let count = length.min(bytes.len());
            side.skip = length - count;
            at += count;
            let kept = &bytes[..count];
            self.said(direction, kept, length, content, said, messages);
        }
        let side = self.side(direction);
        side.buffer = buffer;
        side.buffer.drain(..at);
    }

    /// Decodes the frame at the beginning of these bytes.
    fn parse(
        &mut self,
        protocol: Protocol,
        direction: Direction,
        bytes: &[u8],
    ) -> Parsed<Said> {
        let compressed = self.compressed;
        let begins = self.side(direction).offset == 0;
        Ok(match protocol {
            Protocol::WebSocket => {
                let whole = websocket::parse(bytes)?;
                if whole.content.rsv != 0 && !compressed {
                    return Err(Stop::Malformed(Malformed {
                        fault: Fault::WebSocketReserved,
                        at: 0,
                    }));
                }
                whole.map(|_| Said::Nothing)
            }
            Protocol::Mqtt => {
                let whole = mqtt::parse(bytes, self.version)?;
                let connect = match &whole.content {
                    mqtt::Packet::Connect(connect) => Some(connect.version),
                    _ => None,
                };
                let to_server = direction == Direction::ToServer;
                if begins && to_server && connect.is_none() {
                    return Err(Stop::Malformed(Malformed {
                        fault: Fault::MqttNotConnected,
                        at: 0,
                    }));
                }
                whole.map(|_| connect.map_or(Said::Nothing, Said::Version))
            }
            Protocol::Amqp => amqp::parse(bytes)?.map(|_| Said::Nothing),
            Protocol::Zmtp
                if matches!(self.side(direction).state, State::Frames) =>
            {
                zmtp::parse_greeting(bytes)?.map(|_| Said::Greeting)
            }
            _ => {
                let whole = zmtp::parse(bytes)?;
                let is_command =
                    matches!(whole.content, zmtp::Frame::Command(_));
                // A message is not interrupted (ZeroMQ RFC 23).
                if is_command
                    && let State::Zmtp(parts) = &self.side(direction).state
                    && parts.count > 0
                {
                    return Err(Stop::Malformed(Malformed {
                        fault: Fault::ZmtpFlags,
                        at: 0,
                    }));
                }
                whole.map(|frame| match frame {
                    zmtp::Frame::Message { more, .. } => Said::Part { more },
                    zmtp::Frame::Command(command) => match &command {
                        zmtp::Command::Ready(_) => {
                            Said::Ready(command.socket_type())
                        }
                        _ => Said::Nothing,
                    },
                })
            }
        })
    }

    /// Gives a frame that was decoded, once it means what it means.
    fn said(
        &mut self,
        direction: Direction,
        bytes: &[u8],
        length: usize,
        content: Content,
        said: Said,
        messages: &mut Vec<Message>,
    ) {
        let state = &mut self.side(direction).state;
        match (said, state) {
            (Said::Version(version), _) => self.version = version,
            (Said::Greeting, state) => *state = State::Zmtp(Box::default()),
            (Said::Ready(kind), State::Zmtp(parts)) => {
                let kind = kind.unwrap_or_default();
                parts.subscribes = kind == "SUB" || kind == "XSUB";
            }
            (Said::Part { more }, State::Zmtp(parts)) => {
                if let Content::Frame(frame) = content {
                    parts.add(bytes, length, frame);
                }
                if !more {
                    let whole = parts.finish();
                    let (bytes, length, frame) = whole;
                    let content = Content::Frame(frame);
                    self.emit(direction, bytes, length, content, messages);
                }
                return;
            }
            _ => {}
        }
        self.emit(direction, bytes.into(), length, content, messages);
    }

    /// Gives what came of a frame that is malformed, and all that follows.
    fn lose_frame(
        &mut self,
        direction: Direction,
        bytes: &[u8],
        malformed: Malformed,
        messages: &mut Vec<Message>,
    ) {
        let side = self.side(direction);
        let state =
            std::mem::replace(&mut side.state, State::Lost(Fault::Lost));
        side.needed = 0;
        let mut all = Vec::new();
        let mut length = bytes.len();
        let mut at = malformed.at;
        if let State::Zmtp(parts) = state {
            length += parts.length;
            at += parts.length;
            all = parts.bytes;
        }
        all.extend_from_slice(bytes);
        let fault = malformed.fault;
        let content = Content::Unread(Malformed { fault, at });
        self.emit(direction, all, length, content, messages);
    }
}

impl Parts {
    fn add(&mut self, bytes: &[u8], length: usize, mut frame: Frame) {
        if self.previews.len() < 8 {
            let preview = frame.preview.take();
            self.previews.push(preview.unwrap_or_default());
        }
        self.fields.add_all(frame, self.length);
        let room = LIMIT - self.bytes.len().min(LIMIT);
        self.bytes
            .extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        self.length += length;
        self.count += 1;
    }

    /// The message that its last frame has made whole.
    fn finish(&mut self) -> (Vec<u8>, usize, Frame) {
        let parts = std::mem::take(self);
        self.subscribes = parts.subscribes;
        let mut frame = match parts.count {
            1 => zmtp::frame("zmtp.message", "1 frame"),
            count => zmtp::frame("zmtp.message", format!("{count} frames")),
        };
        let previews = parts.previews.join(" | ");
        frame.preview = preview(previews.as_bytes());
        // In ZMTP 3.0 a subscription is a message (ZeroMQ RFC 23).
        if parts.subscribes
            && parts.count == 1
            && let [0 | 1, length, first @ (0 | 1), prefix @ ..] =
                &parts.bytes[..]
            && usize::from(*length) == prefix.len() + 1
        {
            let (kind, name) = match first {
                0 => ("zmtp.cancel", "CANCEL"),
                _ => ("zmtp.subscribe", "SUBSCRIBE"),
            };
            frame = zmtp::frame(kind, format!("{name} {}", shown(prefix)));
        }
        frame.fields = parts.fields.list();
        (parts.bytes, parts.length, frame)
    }
}
