//! `tungstenite`.

use std::io::{self, Cursor, Read, Write};

use rand::RngExt;
use rand::rngs::StdRng;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};
use tungstenite::protocol::frame::{Frame, FrameHeader};
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Error, WebSocket};
use wire::websocket::{self, Assembler, Message};
use wire::{Decoded, Fault};

use super::{ROUNDS, below, bytes, chance, mutate, one, text};

const LIMIT: usize = 1 << 20;

/// How a stream ends.
#[derive(Debug, PartialEq)]
enum End {
    /// With a Close, or in the middle of a frame.
    Open,
    Malformed,
    /// Theirs: a text that is not UTF-8, which may not be at its end yet.
    NotUtf8,
}

/// What a client sends: frames in an order that is mostly allowed.
fn stream(chance: &mut StdRng) -> Vec<u8> {
    let mut stream = Vec::new();
    let mut begun = false;
    for _ in 0..1 + below(chance, 7) {
        let is_final: bool = chance.random();
        let (opcode, is_final, payload) = match below(chance, 8) {
            0 => {
                let opcode = *one(chance, &[Control::Ping, Control::Pong]);
                let length = below(chance, 126);
                (OpCode::Control(opcode), true, bytes(chance, length))
            }
            1 if below(chance, 3) == 0 => {
                let code = 999 + below(chance, 4_002) as u16;
                let mut payload = code.to_be_bytes().to_vec();
                payload.extend(text(chance).bytes().take(123));
                payload.truncate(*one(chance, &[0, 2, 125]));
                (OpCode::Control(Control::Close), true, payload)
            }
            kind => {
                let opcode = match (begun, kind % 2) {
                    (true, _) => Data::Continue,
                    (false, 0) => Data::Text,
                    (false, _) => Data::Binary,
                };
                begun = !is_final;
                let lengths = match below(chance, 30) {
                    0 => &[65_535, 65_536][..],
                    _ => &[0, 1, 125, 126, 127],
                };
                let length = *one(chance, lengths);
                let payload = match opcode {
                    Data::Binary => bytes(chance, length),
                    _ if length > 127 => vec![b'x'; length],
                    _ => text(chance).into_bytes(),
                };
                (OpCode::Data(opcode), is_final, payload)
            }
        };
        let mask = chance.random::<bool>().then(|| chance.random());
        let header = FrameHeader {
            is_final,
            opcode,
            mask,
            ..FrameHeader::default()
        };
        Frame::from_payload(header, payload.into())
            .format(&mut stream)
            .expect("a frame");
    }
    stream
}

/// What is read, and nowhere to write.
struct Input(Cursor<Vec<u8>>);

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Input {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn theirs(bytes: &[u8]) -> (Vec<Message>, End) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(LIMIT))
        .accept_unmasked_frames(true);
    let input = Input(Cursor::new(bytes.to_vec()));
    let mut socket =
        WebSocket::from_raw_socket(input, Role::Server, Some(config));
    let mut messages = Vec::new();
    loop {
        messages.push(match socket.read() {
            Ok(tungstenite::Message::Text(text)) => {
                Message::Text(text.to_string())
            }
            Ok(tungstenite::Message::Binary(bytes)) => {
                Message::Binary(bytes.to_vec())
            }
            Ok(tungstenite::Message::Ping(bytes)) => {
                Message::Ping(bytes.to_vec())
            }
            Ok(tungstenite::Message::Pong(bytes)) => {
                Message::Pong(bytes.to_vec())
            }
            Ok(tungstenite::Message::Close(close)) => {
                let close = close
                    .map(|close| (close.code.into(), close.reason.to_string()));
                messages.push(Message::Close(close));
                return (messages, End::Open);
            }
            Ok(tungstenite::Message::Frame(_)) => continue,
            // A length that is not believed is one that has not come, here.
            Err(Error::Capacity(_) | Error::Io(_)) => {
                return (messages, End::Open);
            }
            Err(Error::Protocol(
                tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
            )) => return (messages, End::Open),
            Err(Error::Utf8(_)) => return (messages, End::NotUtf8),
            Err(_) => return (messages, End::Malformed),
        });
    }
}

/// Whether they would look at this frame.
fn is_whole(bytes: &[u8]) -> bool {
    let mut cursor = Cursor::new(bytes);
    match FrameHeader::parse(&mut cursor) {
        Ok(Some((_, length))) => {
            length <= bytes.len() as u64 - cursor.position()
        }
        Ok(None) => false,
        Err(_) => true,
    }
}

/// The same by the decoder; nothing where it is stricter than they are.
fn ours(mut bytes: &[u8]) -> Option<(Vec<Message>, End)> {
    let mut assembler = Assembler::new(LIMIT);
    let mut messages = Vec::new();
    loop {
        let frame = match websocket::decode(bytes) {
            Decoded::Whole(whole) => {
                bytes = &bytes[whole.length..];
                whole.content
            }
            Decoded::NotYet { .. } => return Some((messages, End::Open)),
            Decoded::Malformed(malformed) => {
                // They take a length in more bytes than it needs, and look at
                // a frame only when it is whole.
                let is_stricter = malformed.fault == Fault::WebSocketLength
                    || !is_whole(bytes);
                return (!is_stricter).then_some((messages, End::Malformed));
            }
        };
        if frame.rsv != 0 {
            return Some((messages, End::Malformed));
        }
        match assembler.push(frame) {
            Ok(None) => {}
            Ok(Some(Message::Close(close))) => {
                // A code that must not be sent becomes another one there.
                let close =
                    close.map(|(code, reason)| {
                        match CloseCode::from(code).is_allowed() {
                            true => (code, reason),
                            false => (1002, "Protocol violation".to_string()),
                        }
                    });
                messages.push(Message::Close(close));
                return Some((messages, End::Open));
            }
            Ok(Some(message)) => messages.push(message),
            Err(_) => return Some((messages, End::Malformed)),
        }
    }
}

#[test]
fn messages_are_those_of_tungstenite() {
    let chance = &mut chance();
    let (mut malformed, mut compared) = (0, 0);
    for round in 0..ROUNDS {
        let mut bytes = stream(chance);
        mutate(chance, &mut bytes);
        let theirs = theirs(&bytes);
        let Some(ours) = ours(&bytes) else { continue };
        compared += 1;
        malformed += usize::from(ours.1 == End::Malformed);
        let context = || format!("{round}: {bytes:?}\n{ours:?}\n{theirs:?}");
        if theirs.1 == End::NotUtf8 {
            // Before its last fragment, with other frames in between.
            assert!(ours.0.starts_with(&theirs.0), "{}", context());
            let others = &ours.0[theirs.0.len()..];
            let is_text =
                |message: &Message| matches!(message, Message::Text(_));
            assert!(!others.iter().any(is_text), "{}", context());
        } else {
            assert!(ours == theirs, "{}", context());
        }
    }
    println!("{compared} compared, {malformed} malformed");
    assert!(compared > ROUNDS / 2 && malformed > ROUNDS / 50);
}
