//! Whole conversations: what is said, whatever the pieces that it comes in.

use wire::Direction::{ToClient, ToServer};
use wire::{
    Content, Conversation, Direction, Fault, LIMIT, Message, Protocol,
    Transport,
};

type Sent = (Direction, Vec<u8>);

fn sent(direction: Direction, bytes: impl AsRef<[u8]>) -> Sent {
    (direction, bytes.as_ref().to_vec())
}

/// What is heard of this, in pieces of this size, up to the connection's end.
fn hear(said: &[Sent], size: usize) -> Vec<Message> {
    let mut conversation = Conversation::new(Transport::Tcp, None);
    let mut messages = Vec::new();
    for (direction, bytes) in said {
        for piece in bytes.chunks(size) {
            messages.extend(conversation.push(*direction, piece));
        }
    }
    messages.extend(conversation.end(ToServer));
    messages.extend(conversation.end(ToClient));
    messages
}

/// The same in one piece for each turn and in pieces of every small size,
/// where nothing may be different, and no byte may be lost.
fn hear_in_all_ways(said: &[Sent]) -> Vec<Message> {
    let whole = hear(said, usize::MAX);
    let most = said.iter().map(|(_, bytes)| bytes.len()).max();
    for size in 1..most.unwrap_or(1).min(80) {
        let pieces = joined(hear(said, size));
        assert_eq!(pieces, joined(whole.clone()), "in pieces of {size}");
    }
    for wanted in [ToServer, ToClient] {
        let bytes: Vec<u8> = said
            .iter()
            .filter(|(direction, _)| *direction == wanted)
            .flat_map(|(_, bytes)| bytes.clone())
            .collect();
        let mut offset = 0;
        for message in whole.iter().filter(|one| one.direction == wanted) {
            assert_eq!(message.offset, offset);
            let from = offset as usize;
            let kept = from..from + message.bytes.len();
            assert_eq!(bytes[kept], message.bytes);
            offset += message.length;
        }
        assert_eq!(offset as usize, bytes.len());
    }
    whole
}

/// What comes after something malformed, or is of another protocol, is given as
/// it comes: here in one piece with what was before it.
pub fn joined(messages: Vec<Message>) -> Vec<Message> {
    let fault = |message: &Message| match message.content {
        Content::Unread(malformed) => Some(malformed.fault),
        Content::Frame(_) => None,
    };
    let mut all: Vec<Message> = Vec::new();
    for mut message in messages {
        let same = |one: &&mut Message| one.direction == message.direction;
        if let Some(before) = all.iter_mut().rev().find(same)
            && (fault(&message) == Some(Fault::Lost)
                || fault(&message) == Some(Fault::OtherProtocol)
                    && fault(before) == fault(&message))
        {
            before.bytes.append(&mut message.bytes);
            before.length += message.length;
            continue;
        }
        message.number = all.len() as u64;
        all.push(message);
    }
    all
}

/// What the messages say, one line each.
fn lines(messages: &[Message]) -> Vec<String> {
    let line = |message: &Message| {
        let arrow = match message.direction {
            ToServer => ">",
            ToClient => "<",
        };
        match &message.content {
            Content::Frame(frame) => match &frame.preview {
                Some(text) => format!("{arrow} {} «{text}»", frame.summary),
                None => format!("{arrow} {}", frame.summary),
            },
            Content::Unread(malformed) => {
                format!("{arrow} {} at {}", malformed.fault.id(), malformed.at)
            }
        }
    };
    messages.iter().map(line).collect()
}

#[test]
fn http_with_every_kind_of_body() {
    let messages = hear_in_all_ways(&[
        sent(
            ToServer,
            "GET /items/1 HTTP/1.1\r\nHost: x\r\n\r\n\
             POST /items HTTP/1.1\r\nhost: x\r\ncontent-LENGTH: 5\r\n\r\nolá?\
             HEAD / HTTP/1.1\r\n\r\n",
        ),
        sent(
            ToClient,
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}\
             HTTP/1.1 100 Continue\r\n\r\n\
             HTTP/1.1 201 Created\r\ntransfer-encoding: gzip, CHUNKED\r\n\r\n\
             5;a=\"b\"\r\nhello\r\nA \r\n0123456789\r\n0\r\nX-Sum: 7\r\n\r\n\
             HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
        ),
        sent(ToServer, "DELETE /items/1 HTTP/1.0\r\n\r\n"),
        sent(ToClient, "HTTP/1.0 200 \r\n\r\nto the end"),
    ]);
    assert_eq!(
        lines(&messages),
        [
            "> GET /items/1",
            "> POST /items «olá?»",
            "> HEAD /",
            "< 200 OK «{}»",
            "< 100 Continue",
            "< 201 Created «hello0123456789»",
            "< 200 OK",
            "> DELETE /items/1",
            "< 200 «to the end»",
        ]
    );
    let answers: Vec<_> =
        messages.iter().filter_map(|one| one.answers).collect();
    assert_eq!(answers, [0, 1, 1, 2, 7]);
}

#[test]
fn http_becomes_a_websocket() {
    let messages = hear_in_all_ways(&[
        sent(
            ToServer,
            "GET /ws HTTP/1.1\r\nUpgrade: WebSocket\r\n\r\n\
             \x01\x02on\u{0}\x02ce",
        ),
        sent(
            ToClient,
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n\
             \u{9}\x01?",
        ),
    ]);
    // Not one that is well written: 0x09 is a Ping in fragments.
    assert_eq!(
        lines(&messages),
        [
            "> GET /ws",
            "< 101 Switching Protocols",
            "> Text «on»",
            "> Continuation «ce»",
            "< websocket-control-fragment at 0",
        ]
    );
    let mut close = b"\x88\x85\0\0\0\0\x03\xe8bye".to_vec();
    close.extend(b"\x81\x00");
    let messages = hear_in_all_ways(&[
        sent(ToServer, "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"),
        sent(
            ToClient,
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n",
        ),
        sent(ToServer, close),
        sent(ToClient, b"\x88\x02\x03\xe8"),
    ]);
    assert_eq!(
        lines(&messages)[2..],
        ["> Close 1000 «bye»", "> Text", "< Close 1000"]
    );
}

#[test]
fn a_websocket_that_is_refused_leaves_http() {
    let messages = hear_in_all_ways(&[
        sent(
            ToServer,
            "GET /a HTTP/1.1\r\nUpgrade: websocket\r\n\r\n\
             GET /b HTTP/1.1\r\n\r\n",
        ),
        sent(
            ToClient,
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        ),
        sent(ToClient, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ]);
    assert_eq!(
        lines(&messages),
        ["> GET /a", "< 404 Not Found", "> GET /b", "< 200 OK"]
    );
}

#[test]
fn mqtt_from_the_first_packet_to_the_last() {
    let messages = hear_in_all_ways(&[
        sent(ToServer, b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01c"),
        sent(ToClient, b"\x20\x02\0\0"),
        sent(ToServer, b"\x82\x08\0\x05\0\x03a/+\x01"),
        sent(ToClient, b"\x90\x03\0\x05\x01"),
        sent(ToServer, b"\x34\x0a\0\x03a/b\0\x07ol\xc3"),
        sent(ToServer, b"\x62\x02\0\x07\xc0\0\xe0\0"),
        sent(ToClient, b"\x50\x02\0\x07\x70\x02\0\x07\xd0\0"),
    ]);
    assert_eq!(
        lines(&messages),
        [
            "> CONNECT c",
            "< CONNACK 0",
            "> SUBSCRIBE id 5 a/+",
            "< SUBACK id 5 (1)",
            "> PUBLISH QoS 2 id 7 a/b",
            "> PUBREL id 7",
            "> PINGREQ",
            "> DISCONNECT",
            "< PUBREC id 7",
            "< PUBCOMP id 7",
            "< PINGRESP",
        ]
    );
}

#[test]
fn amqp_from_the_header_on() {
    let tune = b"\x01\0\0\0\0\0\x0c\0\x0a\0\x1e\x07\xff\0\x02\0\0\0\x3c\xce";
    let messages = hear_in_all_ways(&[
        sent(ToServer, b"AMQP\0\0\x09\x01"),
        sent(ToClient, tune),
        sent(
            ToServer,
            b"\x01\0\x01\0\0\0\x0c\0\x3c\0\x28\0\0\0\x03job\0\xce\
              \x02\0\x01\0\0\0\x0f\0\x3c\0\0\0\0\0\0\0\0\0\x04\x10\0\x02\xce\
              \x03\0\x01\0\0\0\x04work\xce\x08\0\0\0\0\0\0\xce",
        ),
    ]);
    assert_eq!(
        lines(&messages),
        [
            "> AMQP 0-9-1",
            "< Connection.Tune",
            "> Basic.Publish \"\" job",
            "> Header, 4 bytes",
            "> Body, 4 bytes «work»",
            "> Heartbeat",
        ]
    );
}

/// What each side of ZMTP says first.
fn greeting() -> Vec<u8> {
    let mut greeting = vec![0; 64];
    (greeting[0], greeting[9], greeting[10]) = (0xff, 0x7f, 3);
    greeting[12..16].copy_from_slice(b"NULL");
    greeting
}

#[test]
fn zeromq_from_the_greeting_on() {
    let greeting = greeting();
    let ready = |kind: &[u8]| {
        [b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03", kind].concat()
    };
    let messages = hear_in_all_ways(&[
        sent(ToClient, &greeting),
        sent(ToServer, [&greeting[..], &ready(b"SUB")].concat()),
        sent(ToClient, ready(b"PUB")),
        sent(ToServer, b"\0\x03\x01wt\x04\x0c\x09SUBSCRIBEab"),
        sent(ToClient, b"\x01\x02wt\x01\0\0\x0221"),
    ]);
    assert_eq!(
        lines(&messages),
        [
            "< greeting 3.0 NULL",
            "> greeting 3.0 NULL",
            "> READY SUB",
            "< READY PUB",
            "> SUBSCRIBE wt",
            "> SUBSCRIBE ab",
            "< 3 frames «wt |  | 21»",
        ]
    );
}

#[test]
fn a_command_inside_a_zeromq_message_is_malformed() {
    let greeting = greeting();
    let messages = hear_in_all_ways(&[
        sent(ToServer, &greeting),
        sent(ToServer, b"\x01\x01a\x04\x07\x04PONGab\0\x01b"),
    ]);
    assert_eq!(
        lines(&messages),
        ["> greeting 3.0 NULL", "> zmtp-flags at 3"]
    );
}

#[test]
fn text_comes_as_it_is_cut() {
    let messages = hear(
        &[
            sent(ToServer, "Olá\n"),
            sent(ToServer, "GET me"),
            sent(ToClient, "Olá\n"),
        ],
        usize::MAX,
    );
    assert_eq!(
        lines(&messages),
        ["> 5 bytes «Olá»", "> 6 bytes «GET me»", "< 5 bytes «Olá»"]
    );
    // What could be HTTP is held, and given when it turns out to be none.
    let messages = hear(&[sent(ToServer, "GET out\n")], 1);
    assert_eq!(lines(&messages)[0], "> 8 bytes «GET out»");
    assert_eq!(lines(&hear(&[sent(ToServer, "GE")], 1)), ["> 2 bytes «GE»"]);
    // A protocol that is known beforehand holds nothing.
    let mut known = Conversation::new(Transport::Tcp, Some(Protocol::Text));
    assert_eq!(known.push(ToServer, b"GET").len(), 1);
}

#[test]
fn what_is_malformed_is_given_as_bytes_and_so_is_what_follows() {
    let messages = hear(
        &[
            sent(ToServer, b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01c"),
            sent(ToServer, b"\xc0\0\x30\xff\xff\xff\xff\x01"),
            sent(ToServer, b"more"),
            sent(ToClient, b"\x20\x02\0\0"),
        ],
        usize::MAX,
    );
    assert_eq!(
        lines(&messages),
        [
            "> CONNECT c",
            "> PINGREQ",
            "> mqtt-length at 5",
            "> lost at 0",
            "< CONNACK 0",
        ]
    );
    assert_eq!(messages[2].bytes, b"\x30\xff\xff\xff\xff\x01");
    assert_eq!(messages[3].bytes, b"more");
    let cut = hear(&[sent(ToServer, "GET / HTTP/1.1\r\nHos")], usize::MAX);
    assert_eq!(lines(&cut), ["> unfinished at 19"]);
}

#[test]
fn of_a_long_frame_the_beginning_is_kept() {
    let long = 3 * LIMIT;
    let mut publish = b"\x30\x82\x80\x30\0\x01t".to_vec();
    publish[1..4].copy_from_slice(&[
        (long & 0x7f | 0x80) as u8,
        (long >> 7 & 0x7f | 0x80) as u8,
        (long >> 14) as u8,
    ]);
    publish.resize(4 + long, b'x');
    let said = [
        sent(ToServer, b"\x10\x0d\0\x04MQTT\x04\x02\0\x3c\0\x01c"),
        sent(ToServer, [&publish[..], b"\xe0\0"].concat()),
    ];
    for size in [1_000, 65_536, LIMIT, usize::MAX] {
        let messages = hear(&said, size);
        let all = lines(&messages);
        assert!(all[1].starts_with("> PUBLISH QoS 0 t «xxxxx"), "{}", all[1]);
        assert_eq!(all[2], "> DISCONNECT");
        assert_eq!(messages[1].bytes, publish[..LIMIT]);
        assert_eq!(messages[1].length as usize, publish.len());
        assert_eq!(messages[2].offset as usize, 15 + publish.len());
    }
    // One that does not come to its end is not whole.
    let part = [said[0].clone(), sent(ToServer, &publish[..2 * LIMIT])];
    let messages = hear(&part, 10_000);
    assert_eq!(messages[1].length as usize, 2 * LIMIT);
    let Content::Unread(malformed) = &messages[1].content else {
        panic!("{:?}", lines(&messages));
    };
    assert_eq!(malformed.fault, Fault::Unfinished);
}
