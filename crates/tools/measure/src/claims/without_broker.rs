//! ZeroMQ beside REST, and the same two sockets over three transports.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use std::{env, fs, process};

use crate::bench::Bench;
use crate::claim::Claim;
use crate::fallible::Fallible;
use crate::finding::{Chart, Kind, Measurement, Verdict, figure, find};
use crate::load::{http, in_python, zmq};
use crate::servers::{Server, output_of};
use crate::statistics::{Sample, Unit, times};

pub const CLAIM: Claim = Claim {
    number: 8,
    slide: "Padrão: Sem Broker (ZeroMQ / ØMQ)",
    statement: "REQ/REP é como REST, mas mais rápido; e o ZeroMQ é \
                extremamente rápido, mais ainda dentro do processo do que por \
                IPC ou por TCP.",
    crates: &["items_api", "zmq_inproc", "zmq_rep_server"],
    seconds: 13,
    measure,
    judge,
};

/// The charts by which the claim is judged, and their rows.
const TRIP: &str = "Uma pergunta e a resposta";
const TRANSPORTED: &str = "Idas e voltas, com uma pergunta de cada vez";
const REP: &str = "ZeroMQ REQ/REP";
const REST: &str = "REST";
const INPROC: &str = "No mesmo processo (inproc)";
const IPC: &str = "IPC";
const TCP: &str = "TCP";

/// The title of the other one.
fn answers_to_many() -> String {
    format!("Perguntas respondidas, com {CLIENTS} clientes")
}

const ROUNDS: usize = 3;
const TIME: Duration = Duration::from_millis(300);

/// How many clients ask at once, where it is not one.
const CLIENTS: usize = 50;

/// Who answers, or who measures itself.
enum Contender {
    Rep(Kind, String),
    Rest(Kind, SocketAddr),
    Transport(Kind, &'static str),
}

impl Contender {
    fn label(&self) -> String {
        let (what, kind) = match self {
            Contender::Rep(kind, _) => (REP, kind),
            Contender::Rest(kind, _) => (REST, kind),
            Contender::Transport(kind, "inproc") => (INPROC, kind),
            Contender::Transport(kind, "ipc") => (IPC, kind),
            Contender::Transport(kind, _) => (TCP, kind),
        };
        match kind {
            Kind::Python => format!("{what}, em Python"),
            _ => what.into(),
        }
    }

    fn kind(&self) -> Kind {
        let (Contender::Rep(kind, _)
        | Contender::Rest(kind, _)
        | Contender::Transport(kind, _)) = self;
        *kind
    }
}

/// What a contender did in a round.
struct Round {
    /// How long a question of one client took; of those who answer only.
    trip: f64,
    /// Answers in a second: to many clients, or over a transport.
    rate: f64,
}

fn measure(bench: &mut Bench) -> Fallible<Measurement> {
    let mut command = bench.command("zmq_rep_server")?;
    command.arg("tcp://127.0.0.1:0");
    let rep = Server::start("zmq_rep_server", command)?;
    let api = bench.serve("items_api")?;
    let python_rep = bench.serve_python("zmq_rep_server")?;
    let python_api = bench.serve_python("items_api")?;

    let endpoint = |server: &Server| format!("tcp://{}", server.address());
    let transports: &[&str] = if cfg!(windows) {
        &["inproc", "tcp"]
    } else {
        &["inproc", "ipc", "tcp"]
    };
    let mut contenders = vec![
        Contender::Rep(Kind::Lesson, endpoint(&rep)),
        Contender::Rest(Kind::Lesson, api.address()),
    ];
    for transport in transports {
        contenders.push(Contender::Transport(Kind::Lesson, transport));
    }
    if let (Some(rep), Some(api)) = (&python_rep, &python_api) {
        contenders.push(Contender::Rep(Kind::Python, endpoint(rep)));
        contenders.push(Contender::Rest(Kind::Python, api.address()));
        for transport in transports {
            contenders.push(Contender::Transport(Kind::Python, transport));
        }
    }
    let rounds = bench.interleave(
        ROUNDS,
        &mut contenders,
        Contender::label,
        |bench, contender| take_turn(bench, contender),
    );
    let _ = fs::remove_file(ipc_file()); // on Windows there is none
    let rounds = rounds?;

    let mut trips = Chart::new(TRIP, Unit::Seconds);
    let mut answers = Chart::new(answers_to_many(), Unit::PerSecond);
    let mut transported = Chart::new(TRANSPORTED, Unit::PerSecond);
    for (contender, rounds) in contenders.iter().zip(&rounds) {
        let (kind, label) = (contender.kind(), contender.label());
        let rate = Sample::of(rounds.iter().map(|round| round.rate));
        if let Contender::Transport(..) = contender {
            transported.row(kind, label, rate);
        } else {
            let trip = Sample::of(rounds.iter().map(|round| round.trip));
            trips.row(kind, &label, trip);
            answers.row(kind, label, rate);
        }
    }

    Ok(Measurement {
        charts: vec![trips, answers, transported],
        notes: vec![
            "REST é um GET numa ligação que se mantém; o ZeroMQ leva um \
             texto do tamanho de uma leitura, e recebe-o de volta."
                .into(),
            "Em cada lado do ZeroMQ há uma thread de rede entre o programa e \
             o socket. Em troca, o programa pode enviar muitas mensagens sem \
             esperar, o que uma pergunta de cada vez não aproveita."
                .into(),
        ],
    })
}

fn judge(charts: &[Chart]) -> Fallible<Verdict> {
    let trip = |label| figure(charts, TRIP, label);
    let (rep, rest) = (trip(REP)?, trip(REST)?);
    let answered = |label| {
        let rate = figure(charts, &answers_to_many(), label)?;
        Fallible::Ok(Unit::Count.text(rate.median))
    };
    let inproc = figure(charts, TRANSPORTED, INPROC)?;
    let tcp = figure(charts, TRANSPORTED, TCP)?;
    let ipc = find(charts, TRANSPORTED, IPC); // Windows has none
    let fastest_inside =
        inproc.low > tcp.high && ipc.is_none_or(|ipc| inproc.low > ipc.high);
    let compared = if rep.median < rest.median {
        format!("o REST levou {} mais tempo", times(rest.median, rep.median))
    } else {
        format!("o REST foi mais rápido, {}", times(rep.median, rest.median))
    };
    Ok(Verdict {
        holds: rep.high < rest.low && fastest_inside,
        found: format!(
            "com um cliente que espera por cada resposta, REQ/REP respondeu \
             em {} e a API REST em {}: {compared}. Com {CLIENTS} clientes, \
             REQ/REP respondeu {} vezes por segundo, e o REST {}. Dentro do \
             processo são {} idas e voltas por segundo, {} as do TCP.",
            Unit::Seconds.text(rep.median),
            Unit::Seconds.text(rest.median),
            answered(REP)?,
            answered(REST)?,
            Unit::Count.text(inproc.median),
            times(inproc.median, tcp.median),
        ),
    })
}

fn take_turn(bench: &mut Bench, contender: &Contender) -> Fallible<Round> {
    let time = bench.time(TIME);
    let (trip, rate) = match contender {
        Contender::Rep(_, endpoint) => (
            zmq::round_trips(endpoint, time)?.median(),
            zmq::crowd(endpoint, CLIENTS, time)?,
        ),
        Contender::Rest(_, api) => (
            http::round_trips(*api, time)?.median(),
            http::crowd(&bench.runtime, *api, CLIENTS, time)?.rate,
        ),
        Contender::Transport(Kind::Python, transport) => {
            let python = bench.python.as_ref().ok_or("não há Python")?;
            let count = "2000";
            let endpoint = endpoint(transport);
            let seconds =
                in_python::seconds(python, "zmq_inproc", &[&endpoint, count])?;
            (0.0, 2000.0 / seconds)
        }
        Contender::Transport(_, transport) => {
            (0.0, transport_rate(bench, transport)?)
        }
    };
    Ok(Round { trip, rate })
}

/// The lesson counts for a second by itself.
fn transport_rate(bench: &Bench, transport: &str) -> Fallible<f64> {
    let mut command = bench.command("zmq_inproc")?;
    command.arg(endpoint(transport));
    let line = output_of("zmq_inproc", command)?;
    let rate = line.rsplit_once(": ").and_then(|(_, said)| {
        said.split(' ')
            .next()
            .and_then(|number| number.parse().ok())
    });
    rate.ok_or_else(|| format!("zmq_inproc escreveu «{line}»").into())
}

fn endpoint(transport: &str) -> String {
    match transport {
        "inproc" => "inproc://eco".into(),
        "ipc" => format!("ipc://{}", ipc_file().display()),
        _ => "tcp://127.0.0.1:*".into(),
    }
}

/// Who binds it leaves it behind.
fn ipc_file() -> PathBuf {
    env::temp_dir().join(format!("measure-{}", process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::made_up;

    fn verdict(trips: [f64; 2], transported: &[(&str, &[f64])]) -> Verdict {
        let [rep, rest] = &trips;
        let one = std::slice::from_ref;
        let charts = [
            made_up(TRIP, Unit::Seconds, &[(REP, one(rep)), (REST, one(rest))]),
            made_up(
                &answers_to_many(),
                Unit::PerSecond,
                &[(REP, &[90e3]), (REST, &[40e3])],
            ),
            made_up(TRANSPORTED, Unit::PerSecond, transported),
        ];
        judge(&charts).expect("a verdict")
    }

    #[test]
    fn holds_where_rep_beats_rest_and_inproc_the_network() {
        let fast: &[f64] = &[30e3, 31e3, 32e3];
        let (slow, slower): (&[f64], &[f64]) = (&[14e3], &[12e3]);
        let all = [(INPROC, fast), (IPC, slow), (TCP, slower)];
        assert!(verdict([40e-6, 90e-6], &all).holds);
        assert!(!verdict([90e-6, 40e-6], &all).holds);
        let found = verdict([90e-6, 45e-6], &all).found;
        assert!(found.contains("mais rápido, 2\u{a0}vezes"), "{found}");
        let ipc = [(INPROC, slow), (IPC, fast), (TCP, slower)];
        assert!(!verdict([40e-6, 90e-6], &ipc).holds);
        let tcp = [(INPROC, slow), (IPC, slower), (TCP, fast)];
        assert!(!verdict([40e-6, 90e-6], &tcp).holds);
        // Windows has no IPC.
        let two = [(INPROC, fast), (TCP, slower)];
        assert!(verdict([40e-6, 90e-6], &two).holds);
    }
}
