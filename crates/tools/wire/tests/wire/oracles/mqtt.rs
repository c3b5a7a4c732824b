//! `mqtt5-protocol`.

use mqtt5_protocol::packet::{FixedHeader, Packet as Theirs};
use rand::RngExt;
use rand::rngs::StdRng;
use wire::mqtt::{self, Answer, Connect, Packet, Publish, Version};
use wire::{Decoded, Fault};

use super::{ROUNDS, below, bytes, chance, mutate, one, text};

fn string(chance: &mut StdRng) -> Vec<u8> {
    sized(text(chance).as_bytes())
}

fn sized(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes(), bytes].concat()
}

fn id(chance: &mut StdRng) -> Vec<u8> {
    chance.random_range(1..=u16::MAX).to_be_bytes().to_vec()
}

/// A number in groups of seven bits.
fn groups(mut number: usize) -> Vec<u8> {
    let mut groups = Vec::new();
    loop {
        let more = if number > 0x7f { 0x80 } else { 0 };
        groups.push((number & 0x7f) as u8 | more);
        number >>= 7;
        if number == 0 {
            return groups;
        }
    }
}

/// Properties that any packet can have that can have these.
fn properties(chance: &mut StdRng, version: Version, of: &[u8]) -> Vec<u8> {
    if version != Version::V5 {
        return Vec::new();
    }
    let mut all = Vec::new();
    for property in of {
        if chance.random() {
            continue;
        }
        all.push(*property);
        all.extend(match property {
            1 | 23 | 25 | 36 | 37 | 40 | 41 | 42 => {
                vec![u8::from(chance.random::<bool>())]
            }
            2 | 17 | 24 => bytes(chance, 4),
            39 => [&[0; 3][..], &[1]].concat(),
            19 | 33 | 34 | 35 => id(chance),
            11 => groups(1 + below(chance, (1 << 28) - 1)),
            38 => [string(chance), string(chance)].concat(),
            _ => string(chance),
        });
    }
    [groups(all.len()), all].concat()
}

/// A packet of this version.
fn packet(chance: &mut StdRng, version: Version) -> Vec<u8> {
    let v5 = version == Version::V5;
    let props = |chance: &mut StdRng, of| properties(chance, version, of);
    let (first, body) = match below(chance, 16) {
        0 => {
            let mut flags = chance.random::<u8>() & 0xee;
            if flags & 4 == 0 {
                flags &= 0xc7;
            } else if flags & 0x18 == 0x18 {
                flags &= 0xf7;
            }
            if !v5 && flags & 0x80 == 0 {
                flags &= 0xbf; // no password without a name
            }
            let mut body = sized(b"MQTT");
            body.extend([if v5 { 5 } else { 4 }, flags]);
            body.extend(id(chance));
            body.extend(props(chance, &[17, 33, 39, 34, 25, 23, 38]));
            body.extend(string(chance));
            if flags & 4 != 0 {
                body.extend(props(chance, &[24, 1, 2, 3, 8, 9, 38]));
                body.extend(string(chance));
                body.extend(string(chance));
            }
            for flag in [0x80, 0x40] {
                if flags & flag != 0 {
                    body.extend(string(chance));
                }
            }
            (0x10, body)
        }
        1 => {
            let codes: &[u8] = match version {
                Version::V5 => &[0, 0x80, 0x87, 0x95],
                _ => &[0, 1, 2, 3, 4, 5],
            };
            let mut body = vec![chance.random::<u8>() & 1, *one(chance, codes)];
            body.extend(props(chance, &[17, 33, 36, 37, 39, 18, 34, 31, 38]));
            (0x20, body)
        }
        kind @ 2..=6 => {
            // PUBLISH is most of what there is.
            let qos = below(chance, 3) as u8;
            let dup = if qos > 0 {
                chance.random::<u8>() & 8
            } else {
                0
            };
            let mut body = string(chance);
            if qos > 0 {
                body.extend(id(chance));
            }
            body.extend(props(chance, &[1, 2, 35, 8, 9, 38, 11, 3]));
            let length = *one(chance, &[0, 1, 20, 130, 17_000]);
            let length = if kind == 2 { length } else { length % 131 };
            body.extend(bytes(chance, length));
            (0x30 | dup | qos << 1 | chance.random::<u8>() & 1, body)
        }
        kind @ 7..=10 => {
            let mut body = id(chance);
            if v5 && chance.random() {
                body.push(if kind < 9 { 0x10 } else { 0x92 });
                if chance.random() {
                    body.extend(props(chance, &[31, 38]));
                }
            }
            ([0x40, 0x50, 0x62, 0x70][kind - 7], body)
        }
        11 => {
            let mut body = [id(chance), props(chance, &[11, 38])].concat();
            for _ in 0..1 + below(chance, 4) {
                body.extend(string(chance));
                body.push(below(chance, 3) as u8);
            }
            (0x82, body)
        }
        12 => {
            let mut body = [id(chance), props(chance, &[31, 38])].concat();
            for _ in 0..1 + below(chance, 4) {
                body.push(*one(chance, &[0, 1, 2, 0x80]));
            }
            (0x90, body)
        }
        13 => {
            let mut body = [id(chance), props(chance, &[38])].concat();
            for _ in 0..1 + below(chance, 4) {
                body.extend(string(chance));
            }
            (0xa2, body)
        }
        14 => {
            let mut body = [id(chance), props(chance, &[31, 38])].concat();
            if v5 {
                body.extend([0, 0x11]);
            }
            (0xb0, body)
        }
        _ => match below(chance, 3) {
            0 => (0xc0, Vec::new()),
            1 => (0xd0, Vec::new()),
            _ if v5 && chance.random() => {
                (0xe0, [&[4][..], &props(chance, &[31, 38])].concat())
            }
            _ => (0xe0, Vec::new()),
        },
    };
    [vec![first], groups(body.len()), body].concat()
}

/// What the oracle makes of it: the packet and its length, or what is wrong.
fn theirs(bytes: &[u8], version: Version) -> Result<(Packet, usize), String> {
    let mut rest = bytes;
    let header =
        FixedHeader::decode(&mut rest).map_err(|error| error.to_string())?;
    let length = header.remaining_length as usize;
    if rest.len() < length {
        return Err("not yet".to_string());
    }
    let end = bytes.len() - rest.len() + length;
    let mut body = &rest[..length];
    let number = if version == Version::V5 { 5 } else { 4 };
    let packet = Theirs::decode_from_body_with_version(
        header.packet_type,
        &header,
        &mut body,
        number,
    );
    let packet = packet.map_err(|error| error.to_string())?;
    if !body.is_empty() {
        return Err("left over".to_string());
    }
    Ok((translated(packet), end))
}

fn translated(packet: Theirs) -> Packet {
    match packet {
        Theirs::Connect(connect) => Packet::Connect(Connect {
            version: match connect.protocol_version & 0x7f {
                4 => Version::V3_1_1,
                _ => Version::V5,
            },
            client_id: connect.client_id,
            clean_session: connect.clean_start,
            keep_alive: connect.keep_alive,
            will: connect.will.map(|will| Publish {
                dup: false,
                qos: will.qos as u8,
                retain: will.retain,
                topic: will.topic,
                id: None,
                payload: will.payload.to_vec(),
            }),
            username: connect.username,
            password: connect.password,
        }),
        Theirs::ConnAck(ack) => Packet::ConnAck {
            session_present: ack.session_present,
            code: match ack.protocol_version {
                5 => ack.reason_code as u8,
                _ => [0x00, 0x84, 0x85, 0x88, 0x86, 0x87]
                    .iter()
                    .position(|code| *code == ack.reason_code as u8)
                    .unwrap_or(99) as u8,
            },
        },
        Theirs::Publish(publish) => Packet::Publish(Publish {
            dup: publish.dup,
            qos: publish.qos as u8,
            retain: publish.retain,
            topic: publish.topic_name,
            id: publish.packet_id,
            payload: publish.payload.to_vec(),
        }),
        Theirs::PubAck(ack) => Packet::PubAck(Answer {
            id: ack.packet_id,
            reason: ack.reason_code as u8,
        }),
        Theirs::PubRec(ack) => Packet::PubRec(Answer {
            id: ack.packet_id,
            reason: ack.reason_code as u8,
        }),
        Theirs::PubRel(ack) => Packet::PubRel(Answer {
            id: ack.packet_id,
            reason: ack.reason_code as u8,
        }),
        Theirs::PubComp(ack) => Packet::PubComp(Answer {
            id: ack.packet_id,
            reason: ack.reason_code as u8,
        }),
        Theirs::Subscribe(subscribe) => Packet::Subscribe {
            id: subscribe.packet_id,
            filters: subscribe
                .filters
                .into_iter()
                .map(|filter| (filter.filter, filter.options.qos as u8))
                .collect(),
        },
        Theirs::SubAck(ack) => Packet::SubAck {
            id: ack.packet_id,
            codes: ack.reason_codes.iter().map(|code| *code as u8).collect(),
        },
        Theirs::Unsubscribe(unsubscribe) => Packet::Unsubscribe {
            id: unsubscribe.packet_id,
            filters: unsubscribe.filters,
        },
        Theirs::UnsubAck(ack) => Packet::UnsubAck {
            id: ack.packet_id,
            codes: ack.reason_codes.iter().map(|code| *code as u8).collect(),
        },
        Theirs::PingReq => Packet::PingReq,
        Theirs::PingResp => Packet::PingResp,
        Theirs::Disconnect(end) => Packet::Disconnect {
            reason: end.reason_code as u8,
        },
        Theirs::Auth(auth) => Packet::Auth {
            reason: auth.reason_code as u8,
        },
    }
}

/// What they look at, and the decoder does not: what a packet that can be read
/// may not say.
fn is_about_meaning(error: &str) -> bool {
    let words = [
        "DUP flag must be 0",
        "Duplicate property",
        "Password without",
        "SUBACK packet",
        "reason code",
        "retain handling",
        "return code",
    ];
    words.iter().any(|word| error.contains(word))
}

/// Where the decoder is stricter: the number 0, AUTH and options of 5 in 3.1.1,
/// a subscription at QoS 3, version 127; and what of 5 they take in 3.1.1, or
/// the other way round.
fn is_stricter(first: u8, fault: Fault) -> bool {
    match fault {
        Fault::MqttType
        | Fault::MqttFlags
        | Fault::MqttId
        | Fault::MqttProtocol => true,
        Fault::MqttQos => first >> 4 == 8,
        Fault::LeftOver => matches!(first >> 4, 2 | 4..=7 | 14),
        Fault::PastTheEnd => first >> 4 == 2,
        _ => false,
    }
}

#[test]
fn packets_are_those_of_mqtt5_protocol() {
    let chance = &mut chance();
    let (mut whole, mut malformed) = (0, 0);
    for round in 0..4 * ROUNDS {
        let version = *one(chance, &[Version::V3_1_1, Version::V5]);
        let mut bytes = packet(chance, version);
        mutate(chance, &mut bytes);
        let theirs = theirs(&bytes, version);
        let ours = mqtt::decode(&bytes, version);
        let context =
            || format!("{round}: {version:?} {bytes:?}\n{ours:?}\n{theirs:?}");
        match (&ours, &theirs) {
            (Decoded::Whole(ours), Ok((packet, length))) => {
                whole += 1;
                assert_eq!(ours.content, *packet, "{}", context());
                assert_eq!(ours.length, *length, "{}", context());
            }
            (Decoded::NotYet { needed }, Err(_)) => {
                assert!(*needed > bytes.len(), "{}", context());
            }
            (Decoded::Malformed(_), Err(_)) => malformed += 1,
            (Decoded::Whole(_), Err(error)) => {
                assert!(is_about_meaning(error), "{}", context());
            }
            (Decoded::Malformed(ours), Ok(_)) => {
                assert!(is_stricter(bytes[0], ours.fault), "{}", context());
            }
            _ => panic!("{}", context()),
        }
    }
    println!("{whole} whole, {malformed} malformed");
    assert!(whole > ROUNDS && malformed > ROUNDS / 10);
}
