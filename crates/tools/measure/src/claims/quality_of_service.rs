//! The three qualities of service of MQTT: what each one costs.

use std::net::SocketAddr;

use crate::bench::Bench;
use crate::claim::Claim;
use crate::fallible::Fallible;
use crate::finding::{Chart, Kind, Measurement, Verdict, figure};
use crate::load::in_python;
use crate::load::mqtt::{Client, Count};
use crate::statistics::{Sample, Unit, times};

pub const CLAIM: Claim = Claim {
    number: 6,
    slide: "Detalhes do Protocolo MQTT",
    statement: "Quanto mais o MQTT garante, mais custa: a QoS 2 é a mais \
                lenta.",
    crates: &["mqtt_broker"],
    seconds: 8,
    measure,
    judge,
};

/// The charts by which the claim is judged.
const RATES: &str = "Mensagens entregues por segundo";
const PACKETS: &str = "Pacotes por mensagem, entre o publicador e o broker";

/// How many messages a round delivers: a fraction of a second.
const MESSAGES: usize = 10_000;

/// How many messages may be on their way at once. It is well below what the
/// broker keeps for a client before it throws messages of QoS 0 away.
const WINDOW: usize = 20;

const ROUNDS: usize = 7;

/// What the lecture's publisher sends.
const TOPIC: &str = "myhome/livingroom/temperature";
const PAYLOAD: &[u8] = b"21.57";

/// What was found in a round; what is counted, for all of its messages.
struct Round {
    rate: f64,
    published: Count,
    received: Count,
}

/// Who publishes and subscribes, and at which quality of service.
#[derive(Clone, Copy)]
enum Contender {
    Ours(u8),
    Python(u8),
}

impl Contender {
    fn label(self) -> String {
        match self {
            Contender::Ours(qos) => format!("QoS {qos}"),
            Contender::Python(qos) => format!("QoS {qos}, em Python"),
        }
    }
}

fn measure(bench: &mut Bench) -> Fallible<Measurement> {
    let broker = bench.serve("mqtt_broker")?;
    let address = broker.address();
    let messages = if bench.quick { MESSAGES / 10 } else { MESSAGES };
    let mut contenders =
        vec![Contender::Ours(0), Contender::Ours(1), Contender::Ours(2)];
    if bench.python.is_some() {
        contenders.extend([0, 1, 2].map(Contender::Python));
    }
    let rounds = bench.interleave(
        ROUNDS,
        &mut contenders,
        |contender| contender.label(),
        |bench, contender| match *contender {
            Contender::Ours(qos) => deliver(address, qos, messages),
            Contender::Python(qos) => {
                deliver_in_python(bench, address, qos, messages)
            }
        },
    )?;

    let mut rates = Chart::new(RATES, Unit::PerSecond);
    let mut packets = Chart::new(PACKETS, Unit::Count);
    let title = "Bytes por mensagem, entre o publicador e o broker";
    let mut bytes = Chart::new(title, Unit::Bytes);
    for (contender, rounds) in contenders.iter().zip(&rounds) {
        let label = contender.label();
        let rate = Sample::of(rounds.iter().map(|round| round.rate));
        if let Contender::Python(_) = contender {
            rates.row(Kind::Python, label, rate);
            continue;
        }
        rates.row(Kind::Lesson, &label, rate);
        let each = |count: fn(&Round) -> u64| {
            let counts = rounds.iter().map(|round| count(round) as f64);
            Sample::of(counts.map(|count| count / messages as f64))
        };
        let (published, received) = (
            each(|round| round.published.packets),
            each(|round| round.received.packets),
        );
        packets.row(Kind::Lesson, &label, published).detail =
            onward(&Unit::Count.text(received.median));
        let (published, received) = (
            each(|round| round.published.bytes),
            each(|round| round.received.bytes),
        );
        bytes.row(Kind::Lesson, &label, published).detail =
            onward(&Unit::Bytes.text(received.median));
    }

    Ok(Measurement {
        charts: vec![rates, packets, bytes],
        notes: vec![
            format!(
                "Um cliente publica e subscreve o mesmo tópico, com a mesma \
                 QoS, e tem no máximo {WINDOW} mensagens a caminho. Uma \
                 mensagem está entregue quando chegou e os dois lados disseram \
                 tudo o que a QoS pede."
            ),
            "Os pacotes e os bytes são contados um a um pelo cliente, nos \
             dois sentidos. Em Python muda o cliente, que é o paho-mqtt; o \
             broker é o mesmo."
                .into(),
        ],
    })
}

fn judge(charts: &[Chart]) -> Fallible<Verdict> {
    let rate = |qos| figure(charts, RATES, &Contender::Ours(qos).label());
    let packets = |qos| figure(charts, PACKETS, &Contender::Ours(qos).label());
    let (fastest, middle, slowest) = (rate(0)?, rate(1)?, rate(2)?);
    Ok(Verdict {
        holds: slowest.high < middle.low && slowest.high < fastest.low,
        found: format!(
            "com QoS 0, 1 e 2 entregaram-se {}, {} e {} mensagens por \
             segundo. A QoS 0 foi {} mais rápida do que a QoS 2, em que cada \
             mensagem troca {} pacotes com o publicador, e não só {}.",
            Unit::Count.text(fastest.median),
            Unit::Count.text(middle.median),
            Unit::Count.text(slowest.median),
            times(fastest.median, slowest.median),
            Unit::Count.text(packets(2)?.median),
            Unit::Count.text(packets(0)?.median),
        ),
    })
}

fn onward(count: &str) -> String {
    format!("e {count} do broker ao subscritor")
}

/// Delivers messages, and counts.
fn deliver(broker: SocketAddr, qos: u8, messages: usize) -> Fallible<Round> {
    let mut client = Client::connect(broker)?;
    client.subscribe(TOPIC, qos)?;
    let delivery = client.deliver(TOPIC, PAYLOAD, qos, messages, WINDOW)?;
    Ok(Round {
        rate: messages as f64 / delivery.elapsed.as_secs_f64(),
        published: delivery.published,
        received: delivery.received,
    })
}

/// The same load, made by Python's own client against the same broker.
fn deliver_in_python(
    bench: &Bench,
    broker: SocketAddr,
    qos: u8,
    messages: usize,
) -> Fallible<Round> {
    // Python is slower: fewer messages take as long.
    let messages = messages / 5;
    let python = bench.python.as_ref().ok_or("não há Python")?;
    let arguments = [
        broker.port().to_string(),
        qos.to_string(),
        messages.to_string(),
        WINDOW.to_string(),
    ];
    let arguments = arguments.each_ref().map(String::as_str);
    let seconds = in_python::seconds(python, "mqtt_delivery", &arguments)?;
    Ok(Round {
        rate: messages as f64 / seconds,
        published: Count::default(),
        received: Count::default(),
    })
}

#[cfg(test)]
mod tests {
    use testkit::Program;

    use super::*;
    use crate::finding::made_up;

    fn verdict(rates: [&[f64]; 3]) -> Verdict {
        let labels = [0, 1, 2].map(|qos| Contender::Ours(qos).label());
        let rows: Vec<(&str, &[f64])> =
            labels.iter().map(String::as_str).zip(rates).collect();
        let packets = [(&*labels[0], &[1.0][..]), (&*labels[2], &[4.0])];
        let charts = [
            made_up(RATES, Unit::PerSecond, &rows),
            made_up(PACKETS, Unit::Count, &packets),
        ];
        judge(&charts).expect("a verdict")
    }

    #[test]
    fn holds_where_qos_2_is_slower_than_both_others() {
        let (fast, middle) = (&[60e3, 61e3, 62e3], &[30e3, 31e3, 32e3]);
        let slow = &[20e3, 20.5e3, 21e3];
        let all = verdict([fast, middle, slow]);
        assert!(all.holds);
        assert!(all.found.contains("4 pacotes"), "{}", all.found);
        assert!(!verdict([fast, slow, middle]).holds);
        assert!(!verdict([slow, fast, middle]).holds);
        // Their middle halves meet.
        assert!(!verdict([fast, middle, &[20e3, 30e3, 40e3]]).holds);
        // Nothing is claimed of the other two.
        assert!(verdict([middle, fast, slow]).holds);
    }

    #[test]
    fn a_message_costs_1_packet_at_qos_0_and_2_at_1_and_4_at_2() {
        let broker = Program::server("mqtt_broker");
        for (qos, packets) in [(0, 1), (1, 2), (2, 4)] {
            let round = deliver(broker.address(), qos, 300).expect("delivery");
            let count = Count {
                packets: 300 * packets,
                bytes: round.published.bytes,
            };
            assert_eq!(round.published, count, "QoS {qos}, published");
            assert_eq!(round.received, count, "QoS {qos}, received");
        }
    }

    #[test]
    fn a_message_at_qos_0_has_a_header_of_2_bytes() {
        let broker = Program::server("mqtt_broker");
        let mut client = Client::connect(broker.address()).expect("connect");
        client.subscribe(TOPIC, 0).expect("subscribe");
        let delivery = client.deliver(TOPIC, PAYLOAD, 0, 1, 1);
        let delivery = delivery.expect("delivery");
        // The topic has its length before it.
        let rest = 2 + TOPIC.len() + PAYLOAD.len();
        assert_eq!(delivery.received.bytes, 2 + rest as u64);
    }
}
