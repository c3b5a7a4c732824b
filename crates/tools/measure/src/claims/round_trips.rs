//! One message over each of the lecture's seven ways, side by side.

use std::time::Duration;

use crate::bench::Bench;
use crate::claim::Claim;
use crate::fallible::Fallible;
use crate::finding::{Chart, Kind, Measurement, Verdict, find};
use crate::load::{amqp, http, mqtt, tcp, udp, ws, zmq};
use crate::servers::Server;
use crate::statistics::{Latencies, Sample, Unit};

pub const CLAIM: Claim = Claim {
    number: 9,
    slide: "Resumo: Escolher a Ferramenta Certa",
    statement: "Os sockets puros são para quem precisa de desempenho, e o \
                ZeroMQ para mensagens rápidas; um broker dá mais, e demora \
                mais.",
    crates: &[
        "tcp_echo_server",
        "udp_echo_server",
        "items_api",
        "ws_chat_server",
        "mqtt_broker",
        "zmq_rep_server",
    ],
    seconds: 20,
    measure,
    judge,
};

/// The chart by which the claim is judged.
const TRIP: &str = "Uma mensagem, ida e volta";

const ROUNDS: usize = 5;
const TIME: Duration = Duration::from_millis(250);

/// How a message travels.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Way {
    Tcp,
    Udp,
    Http,
    WebSocket,
    Mqtt,
    Amqp,
    ZeroMq,
}

impl Way {
    const ALL: [Way; 7] = [
        Way::Tcp,
        Way::Udp,
        Way::ZeroMq,
        Way::Http,
        Way::WebSocket,
        Way::Mqtt,
        Way::Amqp,
    ];

    fn label(self) -> &'static str {
        match self {
            Way::Tcp => "TCP",
            Way::Udp => "UDP",
            Way::Http => "HTTP",
            Way::WebSocket => "WebSocket",
            Way::Mqtt => "MQTT, com broker",
            Way::Amqp => "AMQP, com RabbitMQ",
            Way::ZeroMq => "ZeroMQ",
        }
    }
}

enum Host {
    Program(Server),
    /// Where the broker speaks AMQP.
    RabbitMq(String),
}

struct Contender {
    way: Way,
    kind: Kind,
    host: Host,
}

impl Contender {
    fn label(&self) -> String {
        let way = self.way.label();
        match self.kind {
            Kind::Python => format!("{way}, em Python"),
            _ => way.into(),
        }
    }

    fn round_trips(&self, time: Duration) -> Fallible<Latencies> {
        let server = match &self.host {
            Host::RabbitMq(url) => return amqp::round_trips(url, time),
            Host::Program(server) => server.address(),
        };
        Ok(match self.way {
            Way::Tcp => tcp::round_trips(server, time)?,
            Way::Udp => udp::round_trips(server, time)?,
            Way::Http => http::round_trips(server, time)?,
            Way::WebSocket => ws::round_trips(server, time)?,
            Way::Mqtt => mqtt::round_trips(server, time)?,
            Way::ZeroMq => zmq::round_trips(&format!("tcp://{server}"), time)?,
            Way::Amqp => return Err("o AMQP precisa do RabbitMQ".into()),
        })
    }
}

fn measure(bench: &mut Bench) -> Fallible<Measurement> {
    let mut notes = vec![
        "TCP, UDP, HTTP e ZeroMQ: uma pergunta e a sua resposta, num socket \
         que fica aberto. WebSocket, MQTT e AMQP: uma mensagem que passa pelo \
         servidor ou pelo broker, de quem a envia até quem a recebe. São \
         sempre duas viagens."
            .to_string(),
        "Uma mensagem de cada vez (ciclo fechado), de 64 bytes; por HTTP, GET \
         /items/1. Os brokers são os mesmos com e sem Python."
            .to_string(),
    ];
    let mut contenders = contenders(bench, &mut notes)?;
    let time = bench.time(TIME);
    let rounds = bench.interleave(
        ROUNDS,
        &mut contenders,
        Contender::label,
        |_, contender| {
            let latencies = contender.round_trips(time)?;
            Ok((latencies.median(), latencies.p99()))
        },
    )?;
    let mut chart = Chart::new(TRIP, Unit::Seconds).log();
    for (contender, rounds) in contenders.iter().zip(&rounds) {
        let median = Sample::of(rounds.iter().map(|(median, _)| *median));
        let p99 = Sample::of(rounds.iter().map(|(_, p99)| *p99));
        chart.row(contender.kind, contender.label(), median).detail =
            format!("p99 {}", Unit::Seconds.text(p99.median));
    }
    Ok(Measurement {
        charts: vec![chart],
        notes,
    })
}

fn contenders(
    bench: &mut Bench,
    notes: &mut Vec<String>,
) -> Fallible<Vec<Contender>> {
    let mut contenders = Vec::new();
    for (way, lesson, python) in [
        (Way::Tcp, "tcp_echo_server", Some("tcp_echo_blocking")),
        (Way::Udp, "udp_echo_server", Some("udp_echo")),
        (Way::ZeroMq, "zmq_rep_server", Some("zmq_rep_server")),
        (Way::Http, "items_api", Some("items_api")),
        (Way::WebSocket, "ws_chat_server", Some("ws_chat_server")),
        (Way::Mqtt, "mqtt_broker", None),
    ] {
        let server = if way == Way::ZeroMq {
            let mut command = bench.command(lesson)?;
            command.arg("tcp://127.0.0.1:0");
            Server::start(lesson, command)?
        } else {
            bench.serve(lesson)?
        };
        let mut add = |kind, server| {
            let host = Host::Program(server);
            contenders.push(Contender { way, kind, host });
        };
        add(Kind::Lesson, server);
        if let Some(python) = python
            && let Some(server) = bench.serve_python(python)?
        {
            add(Kind::Python, server);
        }
    }
    match bench.rabbitmq() {
        Ok(broker) => contenders.push(Contender {
            way: Way::Amqp,
            kind: Kind::Lesson,
            host: Host::RabbitMq(broker.url()),
        }),
        Err(why) => notes.push(format!("Sem AMQP: {why}")),
    }
    Ok(contenders)
}

fn judge(charts: &[Chart]) -> Fallible<Verdict> {
    // Of AMQP there is a figure only where RabbitMQ is.
    let mut lessons: Vec<(Way, f64)> = Way::ALL
        .into_iter()
        .filter_map(|way| Some((way, find(charts, TRIP, way.label())?.median)))
        .collect();
    if let Some(missing) = Way::ALL.into_iter().find(|way| {
        *way != Way::Amqp && !lessons.iter().any(|(other, _)| other == way)
    }) {
        return Err(format!("falta «{}»", missing.label()).into());
    }
    lessons.sort_by(|(_, one), (_, other)| one.total_cmp(other));
    let order: Vec<String> = lessons
        .iter()
        .map(|(way, time)| {
            let name = way.label().split(',').next().unwrap_or_default();
            format!("{name} ({})", Unit::Seconds.text(*time))
        })
        .collect();
    let sockets = lessons
        .iter()
        .take(2)
        .all(|(way, _)| matches!(way, Way::Tcp | Way::Udp));
    let place =
        |wanted: Way| lessons.iter().position(|(way, _)| *way == wanted);
    // A broker that is not there is not in the way.
    let brokers = [Way::Mqtt, Way::Amqp].into_iter().filter_map(place);
    let zeromq = place(Way::ZeroMq).unwrap_or(usize::MAX);
    Ok(Verdict {
        holds: sockets && brokers.into_iter().all(|broker| zeromq < broker),
        found: format!(
            "por ordem, a partir do mais rápido, {}.",
            order.join(", ")
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::made_up;

    /// The ways from the fastest to the slowest.
    fn verdict(order: &[Way]) -> Fallible<Verdict> {
        const TIMES: [f64; 7] = [1e-5, 2e-5, 3e-5, 4e-5, 5e-5, 6e-5, 7e-5];
        let rows: Vec<(&str, &[f64])> = order
            .iter()
            .zip(&TIMES)
            .map(|(way, time)| (way.label(), std::slice::from_ref(time)))
            .collect();
        judge(&[made_up(TRIP, Unit::Seconds, &rows)])
    }

    #[test]
    fn holds_where_sockets_are_first_and_brokers_after_zeromq() {
        use Way::{Amqp, Http, Mqtt, Tcp, Udp, WebSocket, ZeroMq};
        let holds = |order: &[Way]| verdict(order).expect("a verdict").holds;
        assert!(holds(&[Udp, Tcp, ZeroMq, Http, WebSocket, Mqtt, Amqp]));
        assert!(holds(&[Tcp, Udp, Http, WebSocket, ZeroMq, Amqp, Mqtt]));
        assert!(!holds(&[Udp, ZeroMq, Tcp, Http, WebSocket, Mqtt, Amqp]));
        assert!(!holds(&[Udp, Tcp, Http, WebSocket, Mqtt, ZeroMq, Amqp]));
        // Without RabbitMQ.
        assert!(holds(&[Udp, Tcp, ZeroMq, Http, WebSocket, Mqtt]));
        let found = verdict(&[Udp, Tcp, ZeroMq, Http, WebSocket, Mqtt]);
        let found = found.expect("a verdict").found;
        assert!(found.contains("UDP (10\u{a0}µs), TCP (20"), "{found}");
        assert!(found.ends_with("MQTT (60\u{a0}µs)."), "{found}");
        // Only RabbitMQ may be missing.
        assert!(verdict(&[Udp, Tcp, ZeroMq, Http, WebSocket, Amqp]).is_err());
    }
}
