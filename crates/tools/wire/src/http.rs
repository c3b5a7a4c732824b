//! HTTP/1.0 and HTTP/1.1: RFC 9112. The first line and the headers are read by
//! `httparse`.

use std::fmt;
use std::ops::Range;

use crate::excerpt::{cut, preview, shown};
use crate::fault::{Fault, Malformed};
use crate::frame::{Decoded, Frame, Protocol, Whole};
use crate::reader::Fields;

/// The longest head of a message that is taken, in bytes.
const HEAD: usize = 64 * 1024;

/// The most headers that are taken.
const HEADERS: usize = 128;

/// The longest line with a chunk's size that is taken, in bytes; and the
/// longest trailer.
const LINE: usize = 8 * 1024;

/// The parts of a message.
pub const FIELDS: &[&str] = &[
    "http.method",
    "http.target",
    "http.version",
    "http.status",
    "http.reason",
    "http.header",
    "http.head_end",
    "http.body",
    "http.chunk_size",
    "http.chunk_extension",
    "http.chunk_data",
    "http.chunk_end",
    "http.trailer",
    "http.trailers_end",
];

/// A request or a response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The first line.
    pub start: Start,
    /// The version's second number: 0 is HTTP/1.0, 1 is HTTP/1.1.
    pub minor_version: u8,
    /// The headers as they came: names in any case, values without the spaces
    /// around them.
    pub headers: Vec<(String, String)>,
    /// The body, out of its chunks. An encoding such as gzip is left as it is.
    pub body: Vec<u8>,
    /// The headers that came after the last chunk.
    pub trailers: Vec<(String, String)>,
}

/// The first line of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// RFC 9112, 3.
    Request {
        /// GET, for example; it may be none of the known ones.
        method: String,
        /// What is asked for: a path, `*`, a URL or a host with its port.
        target: String,
    },
    /// RFC 9112, 4.
    Response {
        /// The three digits.
        status: u16,
        /// The text after them, which may be empty.
        reason: String,
    },
}

/// The first line, without the version.
impl fmt::Display for Start {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Start::Request { method, target } => {
                write!(formatter, "{method} {}", cut(target, 100))
            }
            Start::Response { status, reason } if reason.is_empty() => {
                write!(formatter, "{status}")
            }
            Start::Response { status, reason } => {
                write!(formatter, "{status} {}", cut(reason, 100))
            }
        }
    }
}

impl Message {
    /// A response's status; nothing for a request.
    pub fn status(&self) -> Option<u16> {
        match self.start {
            Start::Response { status, .. } => Some(status),
            Start::Request { .. } => None,
        }
    }

    /// The value of the first header with this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// The values of all the headers with this name, in any case.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = move |(known, _): &&(String, String)| {
            known.eq_ignore_ascii_case(name)
        };
        self.headers
            .iter()
            .filter(named)
            .map(|(_, value)| value.as_str())
    }

    /// Whether the list that this header holds has this token, in any case
    /// (RFC 9110, 5.6.1).
    fn lists(&self, name: &str, token: &str) -> bool {
        self.tokens(name).any(|one| one.eq_ignore_ascii_case(token))
    }

    fn tokens(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values(name)
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|token| !token.is_empty())
    }

    /// Whether the connection ends after this message (RFC 9112, 9.3).
    pub fn closes(&self) -> bool {
        self.lists("connection", "close")
            || self.minor_version == 0
                && !self.lists("connection", "keep-alive")
    }

    /// Whether this asks for a WebSocket, or agrees to one (RFC 6455, 4).
    pub fn upgrades_to_websocket(&self) -> bool {
        self.lists("upgrade", "websocket")
            && self.status().is_none_or(|status| status == 101)
    }
}

/// Decodes the response at the beginning of these bytes, which is to a request
/// with this method. `ended` is whether the server has closed: only then is a
/// body whole that says nothing of its length. A 1xx response is one of its
/// own; the answer is the one after it.
pub fn decode_response(
    bytes: &[u8],
    method: &str,
    ended: bool,
) -> Decoded<Message> {
    let mut incoming = Incoming::new(Role::response_to(method), usize::MAX);
    let (_, mut progress) = incoming.push(bytes);
    let needed = bytes.len().saturating_add(incoming.needed());
    if ended && matches!(progress, Progress::More) {
        progress = incoming.end();
    }
    match progress {
        Progress::More => Decoded::NotYet { needed },
        Progress::Whole(whole) => Decoded::Whole(*whole),
        Progress::Malformed(malformed) => Decoded::Malformed(malformed),
    }
}

/// Whose message comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Request,
    /// To a request whose method says nothing about the body.
    Response,
    ResponseToHead,
    ResponseToConnect,
}

impl Role {
    pub fn response_to(method: &str) -> Role {
        match method {
            "HEAD" => Role::ResponseToHead,
            "CONNECT" => Role::ResponseToConnect,
            _ => Role::Response,
        }
    }
}

/// What came of some bytes.
#[derive(Debug)]
pub(crate) enum Progress {
    More,
    Whole(Box<Whole<Message>>),
    Malformed(Malformed),
}

/// A message while it comes, in pieces of any size.
#[derive(Debug)]
pub(crate) struct Incoming {
    role: Role,
    /// How much of it is kept.
    limit: usize,
    /// The first bytes, the head and as much of the rest as the limit lets.
    kept: Vec<u8>,
    /// How many bytes came.
    length: usize,
    fields: Fields,
    /// The head, when it is whole.
    message: Option<Message>,
    body: Body,
    /// The field of the data that is coming.
    data: Option<usize>,
    trailers: usize,
}

impl Incoming {
    /// A message of which so many bytes are kept, more or less.
    pub fn new(role: Role, limit: usize) -> Incoming {
        Incoming {
            role,
            limit,
            kept: Vec::new(),
            length: 0,
            fields: Fields::default(),
            message: None,
            body: Body::Length(0),
            data: None,
            trailers: 0,
        }
    }

    /// How many bytes came.
    pub fn length(&self) -> usize {
        self.length
    }

    /// How many bytes of it are kept, as they came and as the body.
    pub fn memory(&self) -> usize {
        let body = self.message.as_ref();
        self.kept.capacity() + body.map_or(0, |one| one.body.capacity())
    }

    /// Takes the bytes of it that were kept.
    pub fn take_kept(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.kept)
    }

    /// How many more bytes have to come, at least.
    fn needed(&self) -> usize {
        match self.body {
            _ if self.message.is_none() => 1,
            Body::Length(left) => left.max(1),
            Body::Data(left) => left.saturating_add(2),
            _ => 1,
        }
    }

    /// Takes what comes, up to the end of the message: gives how many bytes it
    /// took, and what came of them.
    pub fn push(&mut self, bytes: &[u8]) -> (usize, Progress) {
        let mut taken = 0;
        if self.message.is_none() {
            let before = self.length;
            match self.push_head(bytes) {
                Ok(count) => taken = count,
                Err(fault) => {
                    // What follows the bytes that were looked at is not taken.
                    let malformed = Malformed { fault, at: 0 };
                    let taken = self.length - before;
                    return (taken, Progress::Malformed(malformed));
                }
            }
        }
        while self.message.is_some() {
            let rest = bytes.get(taken..).unwrap_or_default();
            if self.body.is_whole() {
                return (taken, self.finish());
            }
            if rest.is_empty() {
                break;
            }
            let at = self.length - self.body.begun();
            match self.push_body(rest) {
                Ok(count) => taken += count,
                Err(fault) => {
                    let malformed = Malformed { fault, at };
                    return (taken, Progress::Malformed(malformed));
                }
            }
        }
        (taken, Progress::More)
    }

    /// The connection has ended: gives the message where that is its end.
    pub fn end(&mut self) -> Progress {
        match self.body {
            Body::ToTheEnd if self.message.is_some() => self.finish(),
            _ if self.length == 0 => Progress::More,
            _ => {
                // It may have been wrong before it was cut.
                let head = match self.message {
                    None => self.parse_head().err(),
                    Some(_) => None,
                };
                let (fault, at) = match head {
                    Some(fault) => (fault, 0),
                    None => (Fault::Unfinished, self.length),
                };
                Progress::Malformed(Malformed { fault, at })
            }
        }
    }

    fn push_head(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        let before = self.kept.len();
        let room = HEAD - before.min(HEAD);
        let piece = bytes.get(..room).unwrap_or(bytes);
        self.kept.extend_from_slice(piece);
        self.length = self.kept.len();
        // Where no line has ended, there is nothing new to see.
        let has_room = self.kept.len() < HEAD;
        if before > 32 && has_room && !piece.contains(&b'\n') {
            return Ok(piece.len());
        }
        let head = self.parse_head();
        match head {
            Ok(Some((message, length))) => {
                self.body = body_of(&message, self.role)?;
                self.message = Some(message);
                self.kept.truncate(length);
                self.length = length;
                if let Body::Length(1..) | Body::ToTheEnd = self.body {
                    let end = length.saturating_add(self.needed());
                    self.data =
                        self.fields.add("http.body", "body", length..end, "");
                }
                Ok(length - before)
            }
            Ok(None) if self.kept.len() >= HEAD => Err(Fault::TooLong),
            Ok(None) => Ok(piece.len()),
            Err(fault) => Err(fault),
        }
    }

    fn parse_head(&mut self) -> Result<Option<(Message, usize)>, Fault> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let head = match self.role {
            Role::Request => {
                parse_request(&self.kept, &mut headers, &mut self.fields)
            }
            _ => parse_response(&self.kept, &mut headers, &mut self.fields),
        };
        head.map_err(|error| match error {
            httparse::Error::TooManyHeaders => Fault::HttpTooManyHeaders,
            _ => Fault::HttpHead,
        })
    }

    fn push_body(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        let (count, part) = self.body.take(bytes)?;
        let start = self.length;
        self.length += count;
        let room = self.limit.saturating_sub(self.kept.len());
        let piece = &bytes[..count];
        self.kept
            .extend_from_slice(piece.get(..room).unwrap_or(piece));
        let Some(message) = &mut self.message else {
            return Ok(count);
        };
        match part {
            Part::None => {}
            Part::Data => {
                let room = self.limit.saturating_sub(message.body.len());
                message
                    .body
                    .extend_from_slice(piece.get(..room).unwrap_or(piece));
                let end = self.length;
                if let Some(field) = self.fields.at(self.data) {
                    field.bytes.end = field.bytes.end.max(end);
                }
            }
            Part::Size { line, size, digits } => {
                let start = self.length - line;
                let end = start + digits;
                self.fields.add(
                    "http.chunk_size",
                    "chunk-size",
                    start..end,
                    size,
                );
                if digits + 2 < line {
                    self.fields.add(
                        "http.chunk_extension",
                        "chunk-ext",
                        end..self.length,
                        "",
                    );
                }
                self.data = None;
                if size > 0 {
                    self.data = self.fields.add(
                        "http.chunk_data",
                        "chunk-data",
                        self.length..self.length.saturating_add(size),
                        "",
                    );
                }
            }
            Part::DataEnd => {
                let bytes = start + count - 2.min(count)..start + count;
                self.fields.add("http.chunk_end", "CRLF", bytes, "");
            }
            Part::Trailer { line, name, value } => {
                self.trailers += line;
                if self.trailers > HEAD || message.trailers.len() == HEADERS {
                    return Err(Fault::TooLong);
                }
                let bytes = self.length - line..self.length;
                self.fields.add("http.trailer", name.clone(), bytes, &value);
                message.trailers.push((name, value));
            }
            Part::End { line } => {
                let bytes = self.length - line..self.length;
                self.fields.add("http.trailers_end", "CRLF", bytes, "");
            }
        }
        Ok(count)
    }

    fn finish(&mut self) -> Progress {
        let Some(message) = self.message.take() else {
            return Progress::More;
        };
        if let Some(field) = self.fields.at(self.data)
            && field.id == "http.body"
        {
            field.bytes.end = self.length;
            field.value = shown(&message.body);
        }
        let kind = match message.start {
            Start::Request { .. } => "http.request",
            Start::Response { .. } => "http.response",
        };
        let summary = message.start.to_string();
        let mut frame = Frame::new(Protocol::Http, kind, summary);
        frame.preview = preview(&message.body);
        frame.fields = std::mem::take(&mut self.fields).list();
        let length = self.length;
        for field in &mut frame.fields {
            if field.id.starts_with("http.chunk_") && field.value.is_empty() {
                let bytes = self.kept.get(field.bytes.clone());
                field.value = shown(bytes.unwrap_or_default());
            }
        }
        Progress::Whole(Box::new(Whole {
            content: message,
            frame,
            length,
        }))
    }
}

type Head = Result<Option<(Message, usize)>, httparse::Error>;

fn parse_request<'b>(
    bytes: &'b [u8],
    headers: &mut [httparse::Header<'b>],
    fields: &mut Fields,
) -> Head {
    let mut request = httparse::Request::new(headers);
    let httparse::Status::Complete(length) = request.parse(bytes)? else {
        return Ok(None);
    };
    let method = request.method.unwrap_or_default();
    let target = request.path.unwrap_or_default();
    let minor_version = request.version.unwrap_or_default();
    let at = place(bytes, method.as_bytes());
    fields.add("http.method", "method", at, method);
    let at = place(bytes, target.as_bytes());
    let version = at.end + 1..at.end + 9;
    fields.add("http.target", "request-target", at, cut(target, 1_000));
    add_version(fields, version, minor_version);
    let start = Start::Request {
        method: method.to_string(),
        target: target.to_string(),
    };
    let headers = add_headers(bytes, request.headers, fields, length);
    Ok(Some((message(start, minor_version, headers), length)))
}

fn parse_response<'b>(
    bytes: &'b [u8],
    headers: &mut [httparse::Header<'b>],
    fields: &mut Fields,
) -> Head {
    let mut response = httparse::Response::new(headers);
    let httparse::Status::Complete(length) = response.parse(bytes)? else {
        return Ok(None);
    };
    let status = response.code.unwrap_or_default();
    let reason = response.reason.unwrap_or_default();
    let minor_version = response.version.unwrap_or_default();
    // Empty lines may come before; no byte of the version is one.
    let from = bytes.iter().position(|byte| *byte == b'H').unwrap_or(0);
    add_version(fields, from..from + 8, minor_version);
    fields.add("http.status", "status-code", from + 9..from + 12, status);
    if !reason.is_empty() {
        let at = place(bytes, reason.as_bytes());
        fields.add("http.reason", "reason-phrase", at, reason);
    }
    let start = Start::Response {
        status,
        reason: reason.to_string(),
    };
    let headers = add_headers(bytes, response.headers, fields, length);
    Ok(Some((message(start, minor_version, headers), length)))
}

fn message(
    start: Start,
    minor_version: u8,
    headers: Vec<(String, String)>,
) -> Message {
    Message {
        start,
        minor_version,
        headers,
        body: Vec::new(),
        trailers: Vec::new(),
    }
}

fn add_version(fields: &mut Fields, at: Range<usize>, minor_version: u8) {
    let version = format!("HTTP/1.{minor_version}");
    fields.add("http.version", "HTTP-version", at, version);
}

fn add_headers(
    bytes: &[u8],
    headers: &[httparse::Header<'_>],
    fields: &mut Fields,
    length: usize,
) -> Vec<(String, String)> {
    let mut owned = Vec::new();
    for header in headers {
        let name = header.name.to_string();
        let value = String::from_utf8_lossy(header.value).into_owned();
        let from = place(bytes, header.name.as_bytes());
        let to = place(bytes, header.value);
        let end = to.end.max(from.end);
        let shown = cut(&value, 1_000);
        fields.add("http.header", name.clone(), from.start..end, shown);
        owned.push((name, value));
    }
    let end = match bytes.get(..length) {
        Some([.., b'\r', b'\n']) => length - 2..length,
        _ => length - 1..length,
    };
    fields.add("http.head_end", "CRLF", end, "");
    owned
}

/// Where this part of the bytes is in them.
fn place(bytes: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr().wrapping_sub(bytes.as_ptr().addr());
    match start {
        start if start <= bytes.len() => start..start + part.len(),
        _ => 0..0, // an empty text that is not one of theirs
    }
}

/// How the body comes, after this head (RFC 9112, 6.3).
fn body_of(message: &Message, role: Role) -> Result<Body, Fault> {
    let has_none = match (message.status(), role) {
        (Some(100..=199 | 204 | 304), _) => true,
        (Some(200..=299), Role::ResponseToConnect) => true,
        (_, role) => role == Role::ResponseToHead,
    };
    if has_none {
        return Ok(Body::Length(0));
    }
    if let Some(last) = message.tokens("transfer-encoding").last() {
        return match (last.eq_ignore_ascii_case("chunked"), role) {
            (true, _) => Ok(Body::Size(Vec::new())),
            (false, Role::Request) => Err(Fault::HttpEncoding),
            (false, _) => Ok(Body::ToTheEnd),
        };
    }
    let mut length = None;
    for value in message.tokens("content-length") {
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let number = value.parse::<usize>().ok().filter(|_| digits);
        let number = number.ok_or(Fault::HttpLength)?;
        if length.is_some_and(|known| known != number) {
            return Err(Fault::HttpLength);
        }
        length = Some(number);
    }
    Ok(match (length, role) {
        (Some(length), _) => Body::Length(length),
        (None, Role::Request) => Body::Length(0),
        (None, _) => Body::ToTheEnd,
    })
}

/// How the rest of a body comes.
#[derive(Debug)]
enum Body {
    /// So many bytes more.
    Length(usize),
    /// All that comes before the connection's end.
    ToTheEnd,
    /// A chunk's size, of which this is there.
    Size(Vec<u8>),
    /// So many bytes of a chunk.
    Data(usize),
    /// The end of the line after a chunk, and whether it has begun.
    DataEnd(bool),
    /// A trailer, of which this is there, or the empty line after all of them.
    Trailer(Vec<u8>),
}

/// What some bytes of a body are.
enum Part {
    /// The beginning of something.
    None,
    Data,
    /// A chunk's size, in a line of so many bytes, the first of them digits.
    Size {
        line: usize,
        size: usize,
        digits: usize,
    },
    DataEnd,
    Trailer {
        line: usize,
        name: String,
        value: String,
    },
    /// The empty line at the end.
    End {
        line: usize,
    },
}

impl Body {
    fn is_whole(&self) -> bool {
        matches!(self, Body::Length(0))
    }

    /// How many bytes of a line there are that is not whole.
    fn begun(&self) -> usize {
        match self {
            Body::Size(line) | Body::Trailer(line) => line.len(),
            _ => 0,
        }
    }

    /// Takes some of the bytes, of which there is at least one.
    fn take(&mut self, bytes: &[u8]) -> Result<(usize, Part), Fault> {
        match self {
            Body::Length(left) => {
                let count = bytes.len().min(*left);
                *left -= count;
                Ok((count, Part::Data))
            }
            Body::ToTheEnd => Ok((bytes.len(), Part::Data)),
            Body::Data(left) => {
                let count = bytes.len().min(*left);
                *left -= count;
                if *left == 0 {
                    *self = Body::DataEnd(false);
                }
                Ok((count, Part::Data))
            }
            Body::DataEnd(begun) => match bytes.first() {
                Some(b'\r') if !*begun => {
                    *begun = true;
                    Ok((1, Part::None))
                }
                Some(b'\n') => {
                    *self = Body::Size(Vec::new());
                    Ok((1, Part::DataEnd))
                }
                _ => Err(Fault::HttpChunkEnd),
            },
            Body::Size(line) => {
                let (count, whole) = take_line(line, bytes)?;
                if !whole {
                    return Ok((count, Part::None));
                }
                let line = std::mem::take(line);
                let (size, digits) = chunk_size(&line)?;
                *self = match size {
                    0 => Body::Trailer(Vec::new()),
                    size => Body::Data(size),
                };
                let line = line.len();
                Ok((count, Part::Size { line, size, digits }))
            }
            Body::Trailer(line) => {
                let (count, whole) = take_line(line, bytes)?;
                if !whole {
                    return Ok((count, Part::None));
                }
                let whole = std::mem::take(line);
                let line = whole.len();
                let text = String::from_utf8_lossy(&whole);
                let text = text.trim_end_matches(['\r', '\n']);
                if text.is_empty() {
                    *self = Body::Length(0);
                    return Ok((count, Part::End { line }));
                }
                let (name, value) =
                    text.split_once(':').ok_or(Fault::HttpTrailer)?;
                let name = name.to_string();
                let value = value.trim().to_string();
                Ok((count, Part::Trailer { line, name, value }))
            }
        }
    }
}

/// Takes bytes up to the end of a line: how many, and whether it is there.
fn take_line(line: &mut Vec<u8>, bytes: &[u8]) -> Result<(usize, bool), Fault> {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let count = end.map_or(bytes.len(), |end| end + 1);
    if line.len() + count > LINE {
        return Err(Fault::TooLong);
    }
    line.extend_from_slice(&bytes[..count]);
    Ok((count, end.is_some()))
}

/// The size on this line, and how many digits it has (RFC 9112, 7.1).
fn chunk_size(line: &[u8]) -> Result<(usize, usize), Fault> {
    let is_digit = |byte: &&u8| byte.is_ascii_hexdigit();
    let digits = line.iter().take_while(is_digit).count();
    let after = line[digits..].trim_ascii();
    if !(after.is_empty() || after.starts_with(b";")) {
        return Err(Fault::HttpChunk);
    }
    let text = std::str::from_utf8(&line[..digits]).unwrap_or_default();
    let size = usize::from_str_radix(text, 16);
    Ok((size.map_err(|_| Fault::HttpChunk)?, digits))
}
