//! What one temperature costs on the wire, protocol by protocol, counted.

use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};

use wire::Decoded;
use wire::mqtt::{Packet, Version};

use crate::bench::Bench;
use crate::claim::Claim;
use crate::fallible::Fallible;
use crate::finding::{Chart, Kind, Measurement, Verdict, figure};
use crate::load::PATIENCE;
use crate::load::amqp::{Publisher, Publishing};
use crate::load::mqtt::Client;
use crate::load::ws::Chat;
use crate::load::zmq::{ask, request_socket};
use crate::relay::{Passed, Relay};
use crate::servers::Server;
use crate::statistics::{Sample, Unit, times};

pub const CLAIM: Claim = Claim {
    number: 5,
    slide: "MQTT: O Protocolo de IoT",
    statement: "O MQTT acrescenta muito pouco a cada mensagem, a partir de um \
                cabeçalho de 2 bytes, e o HTTP acrescenta muito mais.",
    crates: &[
        "items_api",
        "mqtt_broker",
        "mqtt_publisher",
        "udp_echo_server",
        "ws_chat_server",
        "zmq_rep_server",
    ],
    seconds: 9,
    measure,
    judge,
};

/// The charts by which the claim is judged.
const EACH: &str = "Bytes por leitura";
const HEADER: &str = "Bytes do cabeçalho de uma mensagem MQTT";

/// One temperature, as the lecture's publisher sends it.
const READING: &str = "21.57";
const TOPIC: &str = "myhome/livingroom/temperature";

/// As long a name as that of the lessons' queue, whose kind is another.
const QUEUE: &str = "leitura";

/// How many readings are counted, one at a time. The first one, which may
/// have to wait for the connection, is not one of them.
const READINGS: usize = 10;

/// What passed through the relay.
#[derive(Default)]
struct Traffic {
    /// What it takes to connect, before the first reading.
    setup: usize,
    /// Of all the readings, from the client to the server.
    there: usize,
    /// The server's answers.
    back: usize,
    /// How many readings.
    readings: usize,
    /// The fixed header of a message in MQTT, which the slide speaks of.
    header: Option<usize>,
}

impl Traffic {
    /// Both directions, for one reading.
    fn each(&self) -> f64 {
        (self.there + self.back) as f64 / self.readings as f64
    }

    fn detail(&self) -> String {
        let each = |bytes: usize| {
            Unit::Bytes.text(bytes as f64 / self.readings as f64)
        };
        match self.back {
            0 => "sem resposta".into(),
            back => {
                format!("{} e {} de resposta", each(self.there), each(back))
            }
        }
    }
}

/// A protocol, and what counts one reading of it.
type Protocol = (&'static str, fn(&mut Bench) -> Fallible<Traffic>);

const PROTOCOLS: [Protocol; 6] = [
    ("UDP", udp),
    ("WebSocket", websocket),
    ("ZeroMQ", zeromq),
    ("MQTT", mqtt),
    ("AMQP", amqp),
    ("HTTP", rest),
];

fn measure(bench: &mut Bench) -> Fallible<Measurement> {
    let mut each = Chart::new(EACH, Unit::Bytes);
    let mut setup = Chart::new("Bytes para ligar, uma só vez", Unit::Bytes);
    let mut missing = Vec::new();
    let mut header = Chart::new(HEADER, Unit::Bytes);
    for (name, count) in PROTOCOLS {
        bench.progress.step(name);
        match count(bench) {
            Ok(traffic) => {
                let bytes = Sample::exact(traffic.each());
                each.row(Kind::Lesson, name, bytes).detail = traffic.detail();
                let bytes = Sample::exact(traffic.setup as f64);
                setup.row(Kind::Lesson, name, bytes);
                if let Some(bytes) = traffic.header {
                    let bytes = Sample::exact(bytes as f64);
                    header.row(Kind::Lesson, name, bytes);
                }
            }
            // All the others can be measured without RabbitMQ.
            Err(error) if name == "AMQP" => {
                missing.push(format!("AMQP: não se pôde medir: {error}"));
            }
            Err(error) => return Err(format!("{name}: {error}").into()),
        }
    }
    Ok(Measurement {
        charts: vec![each, setup, header],
        notes: notes().into_iter().chain(missing).collect(),
    })
}

fn judge(charts: &[Chart]) -> Fallible<Verdict> {
    let mqtt = figure(charts, EACH, "MQTT")?.median;
    let http = figure(charts, EACH, "HTTP")?.median;
    let header = figure(charts, HEADER, "MQTT")?;
    Ok(Verdict {
        holds: header.median == 2.0 && mqtt < http,
        found: format!(
            "por {} de temperatura passam {} em MQTT, {} dos quais são o \
             cabeçalho e {} o tópico, e {} em HTTP, {} os do MQTT.",
            Unit::Bytes.text(READING.len() as f64),
            Unit::Bytes.text(mqtt),
            Unit::Count.text(header.median),
            2 + TOPIC.len(),
            Unit::Bytes.text(http),
            times(http, mqtt),
        ),
    })
}

fn notes() -> [String; 4] {
    [
        "Contam-se os bytes que os programas entregam ao TCP ou ao UDP, num \
         relay entre o cliente e o servidor. Por baixo, o sistema junta a \
         cada pacote os cabeçalhos do TCP ou do UDP e do IP, e o TCP tem ainda \
         o seu handshake e as suas confirmações."
            .into(),
        format!(
            "Cada mensagem leva o seu destino em MQTT e em HTTP ({TOPIC}) e em \
             AMQP (o nome da fila); em WebSocket, ZeroMQ e UDP, o destino é a \
             ligação ou a porta. O publicador MQTT é o da lição, com QoS 0."
        ),
        "Em HTTP não há mensagem sem resposta; a do UDP e a do ZeroMQ são o \
         eco das lições, e a do AMQP é a confirmação que a lição pede."
            .into(),
        "A API das lições não recebe valores: em HTTP, a temperatura é o \
         parâmetro de um GET. Sem os cabeçalhos que um browser junta."
            .into(),
    ]
}

/// Sends the readings one by one, and looks at what passes.
fn count(
    relay: &Relay,
    mut send: impl FnMut() -> Fallible<()>,
) -> Fallible<Traffic> {
    send()?; // it may have to wait for the connection
    let first = relay.passed();
    for _ in 0..READINGS {
        send()?;
    }
    let last = relay.passed();
    let there = last.there.len() - first.there.len();
    let back = last.back.len() - first.back.len();
    // All readings are of one size, the first one too.
    let one = (there + back) / READINGS;
    Ok(Traffic {
        setup: first.there.len() + first.back.len() - one,
        there,
        back,
        readings: READINGS,
        header: None,
    })
}

fn udp(bench: &mut Bench) -> Fallible<Traffic> {
    let server = bench.serve("udp_echo_server")?;
    let relay = Relay::udp(server.address())?;
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(relay.address())?;
    socket.set_read_timeout(Some(PATIENCE))?;
    count(&relay, || {
        socket.send(READING.as_bytes())?;
        socket.recv(&mut [0; 64])?;
        Ok(())
    })
}

fn websocket(bench: &mut Bench) -> Fallible<Traffic> {
    let server = bench.serve("ws_chat_server")?;
    let relay = Relay::tcp(server.address())?;
    let mut chat = Chat::join(relay.address(), server.address(), 1)?;
    let traffic = count(&relay, || chat.say(READING).map(|_| ()))?;
    // Between the handshake and the first reading, the chat has made sure
    // that everybody is there.
    let passed = relay.passed();
    let setup = http_head(&passed.there) + http_head(&passed.back);
    Ok(Traffic { setup, ..traffic })
}

/// The size of an HTTP request or answer, up to its empty line.
fn http_head(bytes: &[u8]) -> usize {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    end.map_or(0, |end| end + 4)
}

fn zeromq(bench: &mut Bench) -> Fallible<Traffic> {
    let mut command = bench.command("zmq_rep_server")?;
    command.arg("tcp://127.0.0.1:0");
    let server = Server::start("zmq_rep_server", command)?;
    let relay = Relay::tcp(server.address())?;
    let context = zmq::Context::new();
    let endpoint = format!("tcp://{}", relay.address());
    let socket = request_socket(&context, &endpoint)?;
    count(&relay, || {
        ask(&socket, READING.as_bytes())?;
        Ok(())
    })
}

/// The lesson's publisher, which has a temperature at once and the next one
/// after five seconds: one is counted, as all are of one size.
fn mqtt(bench: &mut Bench) -> Fallible<Traffic> {
    let broker = bench.serve("mqtt_broker")?;
    let relay = Relay::tcp(broker.address())?;
    let mut listener = Client::connect(broker.address())?;
    listener.subscribe(TOPIC, 0)?;

    let mut command = bench.command("mqtt_publisher")?;
    command.arg(format!("mqtt://{}", relay.address()));
    let publisher = Server::start_when("mqtt_publisher", command, |line| {
        line.starts_with("A publicar").then(String::new)
    })?;
    listener.hear()?;
    let Passed { there, back } = relay.passed();
    drop(publisher);

    let mut traffic = Traffic {
        setup: back.len(), // the broker says nothing to a publication
        readings: 1,
        ..Traffic::default()
    };
    let mut rest = &there[..];
    while !rest.is_empty() {
        let Decoded::Whole(packet) = wire::mqtt::decode(rest, Version::V3_1_1)
        else {
            return Err("o publicador não enviou só pacotes MQTT".into());
        };
        rest = &rest[packet.length..];
        if let Packet::Publish(_) = packet.content {
            traffic.there += packet.length;
            let fields = &packet.frame.fields;
            let length =
                fields.iter().find(|it| it.id == "mqtt.remaining_length");
            traffic.header = length.map(|length| length.bytes.end);
        } else {
            traffic.setup += packet.length;
        }
    }
    Ok(traffic)
}

fn amqp(bench: &mut Bench) -> Fallible<Traffic> {
    let broker = bench.rabbitmq()?;
    let relay = Relay::tcp(([127, 0, 0, 1], broker.port()).into())?;
    let port = format!(":{}", broker.port());
    let relayed = format!(":{}", relay.address().port());
    let url = broker.url().replace(&port, &relayed);
    let mut publisher =
        Publisher::connect(&url, QUEUE, Publishing::Confirmed(1))?;
    count(&relay, || {
        publisher.publish(READING.as_bytes(), 1)?;
        Ok(())
    })
}

fn rest(bench: &mut Bench) -> Fallible<Traffic> {
    let server = bench.serve("items_api")?;
    let relay = Relay::tcp(server.address())?;
    let mut stream = TcpStream::connect(relay.address())?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let request = format!(
        "GET /?{TOPIC}={READING} HTTP/1.1\r\nHost: {}\r\n\r\n",
        server.address()
    );
    count(&relay, || {
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        while !answer.ends_with(b"{\"message\":\"Ola, API!\"}") {
            let mut buffer = [0; 1024];
            match stream.read(&mut buffer)? {
                0 => return Err("a API fechou a ligação".into()),
                count => answer.extend_from_slice(&buffer[..count]),
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::made_up;

    fn verdict(mqtt: f64, http: f64, header: f64) -> Verdict {
        let each = [("MQTT", &[mqtt][..]), ("HTTP", &[http])];
        let charts = [
            made_up(EACH, Unit::Bytes, &each),
            made_up(HEADER, Unit::Bytes, &[("MQTT", &[header])]),
        ];
        judge(&charts).expect("a verdict")
    }

    #[test]
    fn holds_where_mqtt_adds_2_bytes_and_less_than_http() {
        assert!(verdict(38.0, 190.0, 2.0).holds);
        assert!(!verdict(38.0, 190.0, 3.0).holds);
        assert!(!verdict(190.0, 38.0, 2.0).holds);
        let found = verdict(38.0, 190.0, 2.0).found;
        assert!(found.contains("2 dos quais são o cabeçalho"), "{found}");
        assert!(found.contains("5\u{a0}vezes os do MQTT"), "{found}");
    }
}
