//! Bytes that nobody would send, in pieces of any size: nothing panics, no byte
//! is lost, and little is kept.

use std::collections::HashSet;

use rand::RngExt;
use rand::rngs::StdRng;
use wire::Direction::{ToClient, ToServer};
use wire::{
    Content, Conversation, Direction, Frame, LIMIT, Message, Protocol,
    Transport,
};

use crate::conversation::joined;
use crate::oracles::{chance, mutate};
use crate::samples::{self, Turns};

/// How many conversations are tried: a few seconds' worth. More by hand:
/// `WIRE_FUZZ=1000000 cargo test --release -p wire fuzz`.
fn rounds() -> usize {
    let rounds = std::env::var("WIRE_FUZZ").ok();
    rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(400)
}

const PROTOCOLS: [Option<Protocol>; 6] = [
    None,
    Some(Protocol::Http),
    Some(Protocol::Mqtt),
    Some(Protocol::Amqp),
    Some(Protocol::Zmtp),
    Some(Protocol::Text),
];

/// What is heard of this, in the pieces that `size` says.
fn hear(
    turns: &Turns,
    protocol: Option<Protocol>,
    mut size: impl FnMut() -> usize,
) -> Vec<Message> {
    let mut conversation = Conversation::new(Transport::Tcp, protocol);
    let mut messages = Vec::new();
    for (direction, bytes) in turns {
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(size().clamp(1, rest.len()));
            messages.extend(conversation.push(*direction, piece));
            rest = after;
        }
    }
    messages.extend(conversation.end(ToServer));
    messages.extend(conversation.end(ToClient));
    messages
}

/// What holds for every frame.
fn check_frame(frame: &Frame, length: u64, known: &HashSet<&str>) {
    let texts = [Some(&frame.summary), frame.preview.as_ref()];
    for text in texts.into_iter().flatten() {
        assert!(!text.chars().any(char::is_control), "{text:?}");
        assert!(text.chars().count() <= 201, "{text}");
    }
    assert!(
        frame.kind.starts_with(frame.protocol.id()),
        "{}",
        frame.kind
    );
    assert!(frame.fields.len() <= 1_000);
    for field in &frame.fields {
        assert!(known.contains(field.id), "{} is not known", field.id);
        assert!(field.bytes.start <= field.bytes.end, "{field:?}");
        assert!(field.bytes.end as u64 <= length, "{field:?} of {length}");
        assert!(field.value.chars().count() <= 1_100, "{field:?}");
        if let Some(bits) = &field.bits {
            assert!(bits.end <= 8 * field.bytes.len(), "{field:?}");
        }
    }
}

/// What holds for every conversation: the messages are all the bytes.
fn check(turns: &Turns, messages: &[Message], known: &HashSet<&str>) {
    for wanted in [ToServer, ToClient] {
        let said = turns.iter().filter(|(direction, _)| *direction == wanted);
        let said: Vec<u8> = said.flat_map(|(_, bytes)| bytes.clone()).collect();
        let mut offset = 0;
        for message in messages.iter().filter(|one| one.direction == wanted) {
            assert_eq!(message.offset, offset as u64);
            let kept = offset..offset + message.bytes.len();
            assert!(
                said.get(kept.clone()) == Some(&message.bytes),
                "{kept:?}: {message:?}"
            );
            assert!(message.bytes.len() <= LIMIT);
            if let Content::Frame(frame) = &message.content {
                check_frame(frame, message.length, known);
            }
            offset += message.length as usize;
        }
        assert_eq!(offset, said.len());
    }
}

/// A sample in which bytes, and sometimes turns, were changed.
fn turns(chance: &mut StdRng) -> Turns {
    let samples = samples::all();
    let (_, mut turns) = samples[chance.random_range(..samples.len())].clone();
    for (_, bytes) in &mut turns {
        if chance.random_range(..4_u8) == 0 {
            mutate(chance, bytes);
        }
    }
    if chance.random_range(..4_u8) == 0 {
        let (from, to) = (
            chance.random_range(..turns.len()),
            chance.random_range(..turns.len()),
        );
        turns.swap(from, to);
    }
    turns
}

#[test]
fn any_bytes_in_any_pieces_are_heard_alike() {
    let chance = &mut chance();
    let known: HashSet<&str> = wire::field_ids().collect();
    for round in 0..rounds() {
        let turns = turns(chance);
        let protocol = PROTOCOLS[chance.random_range(..PROTOCOLS.len())];
        let whole = hear(&turns, protocol, || usize::MAX);
        check(&turns, &whole, &known);
        let most = [1, 3, 40, 2_000][chance.random_range(..4_usize)];
        let pieces = hear(&turns, protocol, || chance.random_range(1..=most));
        check(&turns, &pieces, &known);
        // Text is given as it comes, and so it is in other pieces.
        let is_text = |message: &Message| {
            matches!(&message.content, Content::Frame(frame)
                if frame.protocol == Protocol::Text)
        };
        if whole.iter().chain(&pieces).any(is_text) {
            continue;
        }
        // What is wrong with a long frame is seen as soon as its bytes are
        // looked at, which is in another order with the other direction.
        for direction in [ToServer, ToClient] {
            let whole = said_by(direction, &whole);
            let pieces = said_by(direction, &pieces);
            let mut both = whole.iter().zip(&pieces);
            if let Some((whole, pieces)) = both.find(|(one, two)| one != two) {
                panic!(
                    "{round}: {protocol:?}\n{whole:?}\n{pieces:?}\n{turns:?}"
                );
            }
            assert_eq!(whole.len(), pieces.len(), "{round}: {turns:?}");
        }
    }
}

/// The messages of one direction, without their numbers.
fn said_by(direction: Direction, messages: &[Message]) -> Vec<Message> {
    let mut said: Vec<Message> = messages
        .iter()
        .filter(|message| message.direction == direction)
        .cloned()
        .collect();
    for message in &mut said {
        message.answers = None;
    }
    joined(said)
}

/// Each of these has no end, or claims to have none.
#[test]
fn what_has_no_end_is_not_kept() {
    let connect = b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01c";
    let mut greeting = vec![0; 64];
    (greeting[0], greeting[9], greeting[10]) = (0xff, 0x7f, 3);
    let cases: [(Protocol, &[u8], &[u8]); 9] = [
        (Protocol::Http, b"GET / HTTP/1.1\r\n", b"a: b\r\n"),
        (Protocol::Http, b"GET /", b"x"),
        (Protocol::Http, b"\r\n\r\n", b"\r\n"),
        (
            Protocol::Http,
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"1\r\nx\r\n",
        ),
        (
            Protocol::Http,
            b"POST / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n",
            b"x",
        ),
        (
            Protocol::Mqtt,
            &[connect, &b"\x82\xff\xff\xff\x7f"[..]].concat(),
            b"x",
        ),
        (Protocol::Amqp, b"\x01\0\0\xff\xff\xff\xff", b"x"),
        (Protocol::Zmtp, &greeting, b"\x01\0"),
        (
            Protocol::WebSocket,
            b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff",
            b"x",
        ),
    ];
    for (protocol, begin, more) in cases {
        let mut conversation =
            Conversation::new(Transport::Tcp, Some(protocol));
        let mut total = begin.len() as u64;
        let mut given = 0;
        let mut take = |messages: Vec<Message>| {
            for message in messages {
                assert!(message.bytes.len() <= LIMIT);
                given += message.length;
            }
        };
        take(conversation.push(ToServer, begin));
        let block = more.repeat(16 * 1024 / more.len());
        for _ in 0..128 {
            total += block.len() as u64;
            take(conversation.push(ToServer, &block));
            let kept = conversation.memory();
            assert!(kept < 4 * LIMIT, "{protocol:?}: {kept} bytes are kept");
        }
        take(conversation.end(ToServer));
        assert_eq!(given, total, "{protocol:?}: {begin:?}");
    }
}
