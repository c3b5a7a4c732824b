//! Which protocol the first bytes of a connection are.

use crate::event::Direction;
use crate::frame::Protocol;

/// The most bytes that are looked at.
pub(crate) const MOST: usize = 1024;

const METHODS: [&[u8]; 9] = [
    b"GET ",
    b"HEAD ",
    b"POST ",
    b"PUT ",
    b"PATCH ",
    b"DELETE ",
    b"OPTIONS ",
    b"CONNECT ",
    b"TRACE ",
];

/// What the first bytes of one direction can be.
pub(crate) enum Guess {
    /// This.
    Is(Protocol),
    /// One of those that are known, or text: more bytes will tell.
    Open,
}

/// What these bytes, the first ones of their direction, can be.
pub(crate) fn guess(direction: Direction, bytes: &[u8]) -> Guess {
    let guesses = match direction {
        Direction::ToServer => [http_request, mqtt, amqp, zmtp],
        Direction::ToClient => [http_response, never, amqp, zmtp],
    };
    let protocols = [
        Protocol::Http,
        Protocol::Mqtt,
        Protocol::Amqp,
        Protocol::Zmtp,
    ];
    let mut open = false;
    for (protocol, guess) in protocols.into_iter().zip(guesses) {
        match guess(bytes) {
            Some(true) => return Guess::Is(protocol),
            Some(false) => {}
            None => open = true,
        }
    }
    match open && bytes.len() < MOST {
        true => Guess::Open,
        false => Guess::Is(Protocol::Text),
    }
}

// Each says whether the bytes are of its protocol; nothing where they could
// still be.

/// Compares with what has to be at the start.
fn starts(bytes: &[u8], wanted: &[u8]) -> Option<bool> {
    let length = bytes.len().min(wanted.len());
    match bytes[..length] == wanted[..length] {
        true if length == wanted.len() => Some(true),
        true => None,
        false => Some(false),
    }
}

/// A known method, and then a path, `*`, a URL or a host, up to the version.
fn http_request(bytes: &[u8]) -> Option<bool> {
    let guesses = METHODS.map(|method| (starts(bytes, method), method));
    if let Some((_, method)) =
        guesses.iter().find(|(guess, _)| *guess == Some(true))
    {
        let rest = &bytes[method.len()..];
        let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
            // A sentence that begins with «GET » is not held for ever.
            let target = rest.split(|byte| *byte == b' ').collect::<Vec<_>>();
            return match target[..] {
                [_] => None,
                [_, version] => starts(version, b"HTTP/1.").filter(|is| !is),
                _ => Some(false),
            };
        };
        let line = rest[..end].trim_ascii_end();
        return Some(
            line.windows(8)
                .any(|window| window.starts_with(b" HTTP/1.")),
        );
    }
    match guesses.iter().any(|(guess, _)| guess.is_none()) {
        true => None,
        false => Some(false),
    }
}

fn http_response(bytes: &[u8]) -> Option<bool> {
    starts(bytes, b"HTTP/1.")
}

/// A CONNECT, its length, and the protocol's name.
fn mqtt(bytes: &[u8]) -> Option<bool> {
    let rest = match bytes {
        [] | [0x10] => return None,
        [0x10, rest @ ..] => rest,
        _ => return Some(false),
    };
    let groups = rest.iter().take_while(|byte| **byte >= 0x80).count();
    if groups > 3 {
        return Some(false);
    }
    let name = rest.get(groups + 1..).unwrap_or_default();
    match (starts(name, b"\0\x04MQTT"), starts(name, b"\0\x06MQIsdp")) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (None, _) | (_, None) => None,
        _ => Some(false),
    }
}

fn amqp(bytes: &[u8]) -> Option<bool> {
    starts(bytes, b"AMQP")
}

/// The signature at the start of a greeting.
fn zmtp(bytes: &[u8]) -> Option<bool> {
    match (bytes.first(), bytes.get(9)) {
        (Some(0xff), Some(last)) => Some(last & 1 == 1),
        (None | Some(0xff), None) => None,
        _ => Some(false),
    }
}

fn never(_: &[u8]) -> Option<bool> {
    Some(false)
}
