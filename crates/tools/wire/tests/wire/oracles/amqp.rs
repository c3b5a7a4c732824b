//! `amq-protocol`.

use amq_protocol::frame::{AMQPFrame, parse_frame};
use rand::RngExt;
use rand::rngs::StdRng;
use wire::amqp::{self, Frame, Value};
use wire::{Decoded, Fault, Malformed};

use super::{ROUNDS, below, bytes, chance, mutate, one, text};

/// The methods: class, method, and how the arguments are written. o, s, l, q:
/// numbers of one, two, four and eight bytes; S, L: texts; b: a bit; T: a
/// table.
const METHODS: &[(u16, u16, &str)] = &[
    (10, 10, "ooTLL"),
    (10, 11, "TSLS"),
    (10, 20, "L"),
    (10, 21, "L"),
    (10, 30, "sls"),
    (10, 31, "sls"),
    (10, 40, "SSb"),
    (10, 41, "S"),
    (10, 50, "sSss"),
    (10, 51, ""),
    (10, 60, "S"),
    (10, 61, ""),
    (10, 70, "LS"),
    (10, 71, ""),
    (20, 10, "S"),
    (20, 11, "L"),
    (20, 20, "b"),
    (20, 21, "b"),
    (20, 40, "sSss"),
    (20, 41, ""),
    (40, 10, "sSSbbbbbT"),
    (40, 11, ""),
    (40, 20, "sSbb"),
    (40, 21, ""),
    (40, 30, "sSSSbT"),
    (40, 31, ""),
    (40, 40, "sSSSbT"),
    (40, 51, ""),
    (50, 10, "sSbbbbbT"),
    (50, 11, "Sll"),
    (50, 20, "sSSSbT"),
    (50, 21, ""),
    (50, 30, "sSb"),
    (50, 31, "l"),
    (50, 40, "sSbbb"),
    (50, 41, "l"),
    (50, 50, "sSSST"),
    (50, 51, ""),
    (60, 10, "lsb"),
    (60, 11, ""),
    (60, 20, "sSSbbbbT"),
    (60, 21, "S"),
    (60, 30, "Sb"),
    (60, 31, "S"),
    (60, 40, "sSSbb"),
    (60, 50, "sSSS"),
    (60, 60, "SqbSS"),
    (60, 70, "sSb"),
    (60, 71, "qbSSl"),
    (60, 72, "S"),
    (60, 80, "qb"),
    (60, 90, "qb"),
    (60, 100, "b"),
    (60, 110, "b"),
    (60, 111, ""),
    (60, 120, "qbb"),
    (85, 10, "b"),
    (85, 11, ""),
    (90, 10, ""),
    (90, 11, ""),
    (90, 20, ""),
    (90, 21, ""),
    (90, 30, ""),
    (90, 31, ""),
];

fn short_string(chance: &mut StdRng) -> Vec<u8> {
    let mut text = text(chance);
    while text.len() > 255 {
        text.pop();
    }
    [&[text.len() as u8], text.as_bytes()].concat()
}

fn sized(content: Vec<u8>) -> Vec<u8> {
    [(content.len() as u32).to_be_bytes().to_vec(), content].concat()
}

fn table(chance: &mut StdRng, depth: usize) -> Vec<u8> {
    let mut entries = Vec::new();
    for _ in 0..below(chance, 4) {
        entries.extend(short_string(chance));
        entries.extend(table_value(chance, depth));
    }
    sized(entries)
}

fn table_value(chance: &mut StdRng, depth: usize) -> Vec<u8> {
    let kinds = match depth {
        0 => &b"tbBsUuIilLTfdDSxV"[..],
        _ => b"tbBsUuIilLTfdDSxVFA",
    };
    let kind = *one(chance, kinds);
    let value = match kind {
        b't' => vec![u8::from(chance.random::<bool>())],
        b'b' | b'B' => bytes(chance, 1),
        b's' | b'U' | b'u' => bytes(chance, 2),
        b'I' | b'i' | b'f' => bytes(chance, 4),
        b'D' => bytes(chance, 5),
        b'l' | b'L' | b'T' | b'd' => bytes(chance, 8),
        b'S' => sized(text(chance).into_bytes()),
        b'x' => {
            let length = below(chance, 9);
            sized(bytes(chance, length))
        }
        b'F' => table(chance, depth - 1),
        b'A' => {
            let values = 0..below(chance, 3);
            let values = values.flat_map(|_| table_value(chance, depth - 1));
            sized(values.collect())
        }
        _ => Vec::new(),
    };
    [vec![kind], value].concat()
}

fn arguments(chance: &mut StdRng, kinds: &str) -> Vec<u8> {
    let mut arguments = Vec::new();
    let mut bits = 0;
    for kind in kinds.chars() {
        let argument = match kind {
            'b' => {
                bits += 1;
                if bits > 1 {
                    continue;
                }
                // As many as the method has, and no other.
                let count = kinds.matches('b').count();
                vec![chance.random::<u8>() & ((1_u16 << count) - 1) as u8]
            }
            'o' => bytes(chance, 1),
            's' => bytes(chance, 2),
            'l' => bytes(chance, 4),
            'q' => bytes(chance, 8),
            'S' => short_string(chance),
            'L' => sized(text(chance).into_bytes()),
            _ => table(chance, 3),
        };
        arguments.extend(argument);
    }
    arguments
}

fn frame(chance: &mut StdRng) -> Vec<u8> {
    let (kind, payload) = match below(chance, 10) {
        0 => (8, Vec::new()),
        1 => {
            let length = below(chance, 300);
            (3, bytes(chance, length))
        }
        2 => {
            let flags = chance.random::<u16>() & 0xfffc;
            let mut header = [0, 60, 0, 0].to_vec();
            header.extend(bytes(chance, 8));
            header.extend(flags.to_be_bytes());
            for (index, kind) in "SSTooSSSSqSSSS".char_indices() {
                if flags >> (15 - index) & 1 == 1 {
                    header.extend(arguments(chance, &kind.to_string()));
                }
            }
            (2, header)
        }
        _ => {
            let (class, method, kinds) = *one(chance, METHODS);
            let ids = [class.to_be_bytes(), method.to_be_bytes()].concat();
            (1, [ids, arguments(chance, kinds)].concat())
        }
    };
    let channel = if kind == 8 { 0 } else { chance.random::<u16>() };
    let mut frame = vec![kind];
    frame.extend(channel.to_be_bytes());
    frame.extend(sized(payload));
    frame.push(0xce);
    frame
}

const UNUSED: &[&str] = &["prefetch_size"];

/// How the oracle shows this argument.
fn is_shown(shown: &str, name: &str, value: &Value) -> bool {
    let name = match name {
        "type" => "kind".to_string(),
        name => name.replace('-', "_").replace("no_wait", "nowait"),
    };
    let is = |value: String| {
        let place = format!("{name}: {value}");
        shown.contains(&place)
            || shown.contains(&format!("{name}: Some({value})"))
    };
    match value {
        // What nobody uses they do not keep.
        _ if UNUSED.contains(&name.as_str()) => true,
        Value::Number(number) => is(number.to_string()),
        Value::Bit(bit) => is(bit.to_string()),
        Value::Text(text) => {
            is(format!("ShortString({text:?})"))
                || is(format!("LongString({:?})", text.as_bytes()))
        }
        Value::Bytes(bytes) => is(format!("LongString({bytes:?})")),
        Value::Table(_) => true,
    }
}

#[test]
fn frames_are_those_of_amq_protocol() {
    let chance = &mut chance();
    let (mut whole, mut malformed) = (0, 0);
    for round in 0..4 * ROUNDS {
        let mut bytes = frame(chance);
        mutate(chance, &mut bytes);
        let theirs = parse_frame(&bytes[..]);
        let ours = amqp::decode(&bytes);
        let context = || format!("{round}: {bytes:?}\n{ours:?}\n{theirs:?}");
        match (&ours, &theirs) {
            (Decoded::Whole(ours), Ok((rest, theirs))) => {
                whole += 1;
                assert_eq!(
                    ours.length,
                    bytes.len() - rest.len(),
                    "{}",
                    context()
                );
                let shown = format!("{theirs:?}");
                let same = match (&ours.content, theirs) {
                    (
                        Frame::ProtocolHeader { version },
                        AMQPFrame::ProtocolHeader(theirs),
                    ) => {
                        let theirs =
                            (theirs.major, theirs.minor, theirs.revision);
                        *version == theirs
                    }
                    (Frame::Method(method), AMQPFrame::Method(channel, _)) => {
                        let name =
                            method.name.replace('-', "").replace('.', "(");
                        let arguments = method.arguments.iter();
                        method.channel == *channel
                            && shown.contains(&name)
                            && arguments.clone().all(|(name, value)| {
                                is_shown(&shown, name, value)
                            })
                    }
                    (
                        Frame::Header {
                            channel,
                            body_size,
                            properties,
                        },
                        AMQPFrame::Header(theirs, header),
                    ) => {
                        let unset = shown.matches(": None").count();
                        channel == theirs
                            && *body_size == header.body_size
                            && properties.len() + unset == 14
                            && properties.iter().all(|(name, value)| {
                                is_shown(&shown, name, value)
                            })
                    }
                    (
                        Frame::Body { channel, payload },
                        AMQPFrame::Body(theirs, body),
                    ) => channel == theirs && payload == body,
                    (Frame::Heartbeat, AMQPFrame::Heartbeat) => true,
                    (Frame::Heartbeat, AMQPFrame::InvalidHeartbeat(_)) => true,
                    _ => false,
                };
                assert!(same, "{}", context());
            }
            // They look at a frame only when it is whole.
            (Decoded::NotYet { needed }, Err(error)) => {
                assert!(*needed > bytes.len(), "{}", context());
                assert!(error.is_incomplete(), "{}", context());
            }
            (Decoded::Malformed(_), Err(_)) => malformed += 1,
            // They take the header of any class, bits without a property,
            // and a heartbeat that carries something.
            (
                Decoded::Malformed(Malformed {
                    fault: Fault::AmqpMethod,
                    ..
                }),
                Ok((_, AMQPFrame::Header(..))),
            )
            | (
                Decoded::Malformed(Malformed {
                    fault: Fault::LeftOver,
                    ..
                }),
                Ok((_, AMQPFrame::Heartbeat | AMQPFrame::InvalidHeartbeat(_))),
            ) => {}
            _ => panic!("{}", context()),
        }
    }
    println!("{whole} whole, {malformed} malformed");
    assert!(whole > ROUNDS && malformed > ROUNDS / 10);
}
