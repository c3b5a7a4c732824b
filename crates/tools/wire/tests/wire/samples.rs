//! A conversation in each protocol, as real programs have it.

use amq_protocol::frame::{
    AMQPContentHeader, AMQPFrame, ProtocolVersion, WriteContext, gen_frame,
};
use amq_protocol::protocol::{AMQPClass, basic, channel, connection, queue};
use amq_protocol::types::{AMQPValue, FieldTable};
use wire::Direction::{self, ToClient, ToServer};

/// What is sent in turn.
pub type Turns = Vec<(Direction, Vec<u8>)>;

/// The documented port, and what is said there.
pub fn all() -> Vec<(u16, Turns)> {
    vec![
        (8000, http()),
        (8765, websocket()),
        (1883, mqtt()),
        (1883, mqtt_5()),
        (5672, amqp()),
        (5555, zmtp()),
        (65432, text()),
    ]
}

fn turn(direction: Direction, parts: &[&[u8]]) -> (Direction, Vec<u8>) {
    (direction, parts.concat())
}

pub fn http() -> Turns {
    vec![
        turn(
            ToServer,
            &[b"GET /items/1 HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n\
                User-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n"],
        ),
        turn(
            ToClient,
            &[
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
                content-length: 30\r\n\r\n{\"name\":\"Laptop\",\"price\":1200}",
            ],
        ),
        turn(
            ToServer,
            &[
                b"POST /items HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\
                Content-Type: application/json\r\nContent-Length: 4\r\n\r\n",
            ],
        ),
        turn(ToClient, &[b"HTTP/1.1 100 Continue\r\n\r\n"]),
        turn(ToServer, &[b"null"]),
        turn(
            ToClient,
            &[b"HTTP/1.1 422 Unprocessable Entity\r\n\
                Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n\
                5;name=\"value\"\r\nwrong\r\n1\r\n!\r\n0\r\nX-Sum: 6\r\n\r\n"],
        ),
        turn(ToServer, &[b"HEAD /items/1 HTTP/1.1\r\nHost: x\r\n\r\n"]),
        turn(
            ToClient,
            &[b"HTTP/1.1 200 OK\r\ncontent-length: 30\r\n\r\n"],
        ),
        turn(ToServer, &[b"GET /items/99 HTTP/1.0\r\n\r\n"]),
        turn(
            ToClient,
            &[b"HTTP/1.0 404 Not Found\r\nServer: BaseHTTP/0.6\r\n\r\n\
                {\"error\":\"Item not found\"}"],
        ),
    ]
}

pub fn websocket() -> Turns {
    let key = [0x12, 0x34, 0x56, 0x78];
    let masked = |first: u8, payload: &[u8]| {
        let mut frame = vec![first, 0x80 | payload.len() as u8];
        frame.extend(key);
        let masked = payload.iter().zip(key.iter().cycle());
        frame.extend(masked.map(|(byte, key)| byte ^ key));
        frame
    };
    let middle = vec![b'm'; 300];
    let long = vec![b'l'; 70_000];
    vec![
        turn(
            ToServer,
            &[b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8765\r\n\
                Connection: Upgrade\r\nUpgrade: websocket\r\n\
                Sec-WebSocket-Version: 13\r\n\
                Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"],
        ),
        turn(
            ToClient,
            &[
                b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\n\
                upgrade: websocket\r\n\
                sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
            ],
        ),
        turn(ToServer, &[&masked(0x81, "Olá".as_bytes())]),
        turn(ToClient, &[b"\x81\x09ana: Ol\xc3\xa1"]),
        turn(ToServer, &[&masked(0x01, b"in "), &masked(0x89, b"?")]),
        turn(ToClient, &[b"\x8a\x01?"]),
        turn(ToServer, &[&masked(0x00, b"two "), &masked(0x80, b"three")]),
        turn(
            ToClient,
            &[
                b"\x82\x7e\x01\x2c",
                &middle,
                b"\x81\x7f\0\0\0\0\0\x01\x11\x70",
                &long,
            ],
        ),
        turn(ToServer, &[&masked(0x88, b"\x03\xe8bye")]),
        turn(ToClient, &[b"\x88\x05\x03\xe8bye"]),
    ]
}

pub fn mqtt() -> Turns {
    vec![
        turn(
            ToServer,
            &[b"\x10\x24\0\x04MQTT\x04\xee\0\x3c\0\x06sensor\0\x05state\
                \0\x03off\0\x01u\0\x01p"],
        ),
        turn(ToClient, &[b"\x20\x02\x01\0"]),
        turn(ToServer, &[b"\x82\x0e\0\x01\0\x03a/+\x01\0\x03b/#\x02"]),
        turn(ToClient, &[b"\x90\x04\0\x01\x01\x80"]),
        turn(ToServer, &[b"\x3d\x0b\0\x03a/b\0\x0721.5"]),
        turn(ToClient, &[b"\x50\x02\0\x07"]),
        turn(ToServer, &[b"\x62\x02\0\x07"]),
        turn(ToClient, &[b"\x70\x02\0\x07\x32\x0b\0\x03a/b\0\x0821.5"]),
        turn(ToServer, &[b"\x40\x02\0\x08\x30\x05\0\x03a/c\xc0\0"]),
        turn(ToClient, &[b"\xd0\0"]),
        turn(ToServer, &[b"\xa2\x07\0\x02\0\x03a/+"]),
        turn(ToClient, &[b"\xb0\x02\0\x02"]),
        turn(
            ToServer,
            &[b"\x30\xc5\x02\0\x03big", &[b'b'; 320], b"\xe0\0"],
        ),
    ]
}

pub fn mqtt_5() -> Turns {
    vec![
        turn(
            ToServer,
            &[b"\x10\x15\0\x04MQTT\x05\x02\0\x3c\x05\x11\0\0\0\x0a\0\x03abc"],
        ),
        turn(ToClient, &[b"\x20\x06\0\0\x03\x21\0\x14"]),
        turn(ToServer, &[b"\x82\x0b\0\x01\x02\x0b\x07\0\x03a/+\x05"]),
        turn(ToClient, &[b"\x90\x04\0\x01\0\x01"]),
        turn(
            ToServer,
            &[b"\x32\x13\0\x03a/b\0\x02\x07\x26\0\x01k\0\x01vtext"],
        ),
        turn(ToClient, &[b"\x40\x03\0\x02\x10"]),
        turn(ToServer, &[b"\xe0\x01\x04"]),
    ]
}

pub fn amqp_frame(frame: &AMQPFrame) -> Vec<u8> {
    let written = gen_frame(frame)(WriteContext::from(Vec::new()));
    written.expect("a frame").write
}

pub fn amqp() -> Turns {
    let mut capabilities = FieldTable::default();
    capabilities.insert("basic.nack".into(), AMQPValue::Boolean(true));
    let mut properties = FieldTable::default();
    let product = AMQPValue::LongString("RabbitMQ".into());
    properties.insert("product".into(), product);
    let capabilities = AMQPValue::FieldTable(capabilities);
    properties.insert("capabilities".into(), capabilities);
    let start = connection::Start {
        version_major: 0,
        version_minor: 9,
        server_properties: properties.clone(),
        mechanisms: "PLAIN AMQPLAIN".into(),
        locales: "en_US".into(),
    };
    let start_ok = connection::StartOk {
        client_properties: properties,
        mechanism: "PLAIN".into(),
        response: "\0guest\0guest".into(),
        locale: "en_US".into(),
    };
    let tune = connection::Tune {
        channel_max: 2047,
        frame_max: 131_072,
        heartbeat: 60,
    };
    let tune_ok = connection::TuneOk {
        channel_max: 2047,
        frame_max: 131_072,
        heartbeat: 60,
    };
    let declare = queue::Declare {
        queue: "tarefas".into(),
        durable: true,
        ..queue::Declare::default()
    };
    let declare_ok = queue::DeclareOk {
        queue: "tarefas".into(),
        message_count: 3,
        consumer_count: 0,
    };
    let publish = basic::Publish {
        routing_key: "tarefas".into(),
        mandatory: true,
        ..basic::Publish::default()
    };
    let deliver = basic::Deliver {
        consumer_tag: "ctag".into(),
        delivery_tag: 1,
        redelivered: true,
        exchange: "".into(),
        routing_key: "tarefas".into(),
    };
    let ack = basic::Ack {
        delivery_tag: 1,
        multiple: false,
    };
    let header = AMQPContentHeader {
        class_id: 60,
        body_size: 8,
        properties: basic::AMQPProperties::default()
            .with_content_type("text/plain".into())
            .with_delivery_mode(2),
    };
    let close = connection::Close {
        reply_code: 200,
        reply_text: "OK".into(),
        class_id: 0,
        method_id: 0,
    };

    use AMQPClass::{Basic, Channel, Connection, Queue};
    let on = |channel, class| amqp_frame(&AMQPFrame::Method(channel, class));
    let content = [
        amqp_frame(&AMQPFrame::Header(1, header)),
        amqp_frame(&AMQPFrame::Body(1, "tarefa 1".into())),
    ]
    .concat();
    use channel::AMQPMethod as Ch;
    use connection::AMQPMethod as Co;
    let consume = basic::Consume {
        queue: "tarefas".into(),
        ..basic::Consume::default()
    };
    let consume_ok = basic::ConsumeOk {
        consumer_tag: "ctag".into(),
    };
    let version = ProtocolVersion::amqp_0_9_1();
    let open = connection::Open {
        virtual_host: "/".into(),
    };
    let global = |method| on(0, Connection(method));
    let b = |method| on(1, Basic(method));
    vec![
        turn(
            ToServer,
            &[&amqp_frame(&AMQPFrame::ProtocolHeader(version))],
        ),
        turn(ToClient, &[&global(Co::Start(start))]),
        turn(ToServer, &[&global(Co::StartOk(start_ok))]),
        turn(ToClient, &[&global(Co::Tune(tune))]),
        turn(
            ToServer,
            &[&global(Co::TuneOk(tune_ok)), &global(Co::Open(open))],
        ),
        turn(ToClient, &[&global(Co::OpenOk(connection::OpenOk {}))]),
        turn(ToServer, &[&on(1, Channel(Ch::Open(channel::Open {})))]),
        turn(ToClient, &[&on(1, Channel(Ch::OpenOk(channel::OpenOk {})))]),
        turn(
            ToServer,
            &[&on(1, Queue(queue::AMQPMethod::Declare(declare)))],
        ),
        turn(
            ToClient,
            &[&on(1, Queue(queue::AMQPMethod::DeclareOk(declare_ok)))],
        ),
        turn(
            ToServer,
            &[
                &b(basic::AMQPMethod::Publish(publish)),
                &content,
                &b(basic::AMQPMethod::Consume(consume)),
            ],
        ),
        turn(
            ToClient,
            &[
                &b(basic::AMQPMethod::ConsumeOk(consume_ok)),
                &b(basic::AMQPMethod::Deliver(deliver)),
                &content,
            ],
        ),
        turn(
            ToServer,
            &[
                &b(basic::AMQPMethod::Ack(ack)),
                &amqp_frame(&AMQPFrame::Heartbeat),
                &global(Co::Close(close)),
            ],
        ),
        turn(ToClient, &[&global(Co::CloseOk(connection::CloseOk {}))]),
    ]
}

pub fn zmtp() -> Turns {
    let mut greeting = [0; 64];
    (greeting[0], greeting[9], greeting[10]) = (0xff, 0x7f, 3);
    greeting[12..16].copy_from_slice(b"NULL");
    let ready = |kind: &[u8]| {
        let length = [35 + kind.len() as u8];
        [
            b"\x04",
            &length[..],
            b"\x05READY\x0bSocket-Type\0\0\0",
            &[kind.len() as u8],
            kind,
            b"\x08Identity\0\0\0\0",
        ]
        .concat()
    };
    let long = vec![b'z'; 300];
    vec![
        turn(ToServer, &[&greeting]),
        turn(ToClient, &[&greeting, &ready(b"REP")]),
        turn(ToServer, &[&ready(b"REQ"), b"\x01\0\0\x05Hello"]),
        turn(ToClient, &[b"\x01\0\x02\0\0\0\0\0\0\x01\x2c", &long]),
        turn(ToServer, &[b"\x04\x09\x04PING\0\x0aab"]),
        turn(ToClient, &[b"\x04\x07\x04PONGab"]),
    ]
}

pub fn text() -> Turns {
    vec![
        turn(ToServer, &["Olá, mundo".as_bytes()]),
        turn(ToClient, &["Olá, mundo".as_bytes()]),
    ]
}
