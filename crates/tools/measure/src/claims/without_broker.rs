//! ZeroMQ beside REST, and the same two sockets over three transports.

use std::env;
use std::net::SocketAddr;
use std::process;
use std::time::Duration;

use crate::bench::Bench;
use crate::claim::{Chart, Claim, Fallible, Finding, Kind};
use crate::load::{http, in_python, zmq};
use crate::servers::Server;
use crate::statistics::{Measure, Unit, times};

pub const CLAIM: Claim = Claim {
    number: 8,
    slide: "Padrão: Sem Broker (ZeroMQ / ØMQ)",
    statement: "REQ/REP é como REST, mas mais rápido; e o ZeroMQ é \
                extremamente rápido, mais ainda dentro do processo do que por \
                IPC ou por TCP.",
    crates: &["items_api", "zmq_inproc", "zmq_rep_server"],
    seconds: 13,
    run,
};

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
            Contender::Rep(kind, _) => ("ZeroMQ REQ/REP", kind),
            Contender::Rest(kind, _) => ("REST", kind),
            Contender::Transport(kind, "inproc") => {
                ("No mesmo processo (inproc)", kind)
            }
            Contender::Transport(kind, "ipc") => ("IPC", kind),
            Contender::Transport(kind, _) => ("TCP", kind),
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

/// What one run found.
struct Run {
    /// How long a question of one client took; of those who answer only.
    trip: f64,
    /// Answers in a second: to many clients, or over a transport.
    rate: f64,
}

fn run(bench: &mut Bench) -> Fallible<Finding> {
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
    let runs = bench.interleave(
        ROUNDS,
        &mut contenders,
        Contender::label,
        |bench, contender| measure(bench, contender),
    )?;

    let mut trips = Chart::new("Uma pergunta e a resposta", Unit::Seconds);
    let title = format!("Perguntas respondidas, com {CLIENTS} clientes");
    let mut answers = Chart::new(title, Unit::PerSecond);
    let title = "Idas e voltas, com uma pergunta de cada vez";
    let mut transported = Chart::new(title, Unit::PerSecond);
    for (contender, runs) in contenders.iter().zip(&runs) {
        let (kind, label) = (contender.kind(), contender.label());
        let rate = Measure::of(runs.iter().map(|run| run.rate));
        if let Contender::Transport(..) = contender {
            transported.row(kind, label, rate);
        } else {
            let trip = Measure::of(runs.iter().map(|run| run.trip));
            trips.row(kind, &label, trip);
            answers.row(kind, label, rate);
        }
    }

    let trip = |row: usize| trips.rows[row].value.median;
    let rate = |row: usize| transported.rows[row].value.median;
    let answered = |row: usize| answers.rows[row].value.median;
    let last = transports.len() - 1;
    let (rep, rest) = (trip(0), trip(1));
    let compared = if rep < rest {
        format!("o REST levou {} mais tempo", times(rest, rep))
    } else {
        format!("o REST foi mais rápido, {}", times(rep, rest))
    };
    let found = format!(
        "com um cliente que espera por cada resposta, REQ/REP respondeu em {} \
         e a API REST em {}: {compared}. Com {CLIENTS} clientes, REQ/REP \
         respondeu {} vezes por segundo, e o REST {}. Dentro do processo são \
         {} idas e voltas por segundo, {} as do TCP.",
        Unit::Seconds.text(rep),
        Unit::Seconds.text(rest),
        Unit::Count.text(answered(0)),
        Unit::Count.text(answered(1)),
        Unit::Count.text(rate(0)),
        times(rate(0), rate(last)),
    );
    Ok(Finding {
        holds: trips.rows[0].value.high < trips.rows[1].value.low
            && (1..=last).all(|row| {
                transported.rows[0].value.low > transported.rows[row].value.high
            }),
        found,
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

fn measure(bench: &mut Bench, contender: &Contender) -> Fallible<Run> {
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
                in_python::run(python, "zmq_inproc", &[&endpoint, count])?;
            (0.0, 2000.0 / seconds)
        }
        Contender::Transport(_, transport) => {
            (0.0, transport_rate(bench, transport)?)
        }
    };
    Ok(Run { trip, rate })
}

/// The lesson counts for a second by itself.
fn transport_rate(bench: &Bench, transport: &str) -> Fallible<f64> {
    let mut command = bench.command("zmq_inproc")?;
    let output = command.arg(endpoint(transport)).output()?;
    let line = String::from_utf8_lossy(&output.stdout);
    let rate = line.rsplit_once(": ").and_then(|(_, said)| {
        said.split(' ')
            .next()
            .and_then(|number| number.parse().ok())
    });
    rate.ok_or_else(|| String::from_utf8_lossy(&output.stderr).trim().into())
}

fn endpoint(transport: &str) -> String {
    match transport {
        "inproc" => "inproc://eco".into(),
        "ipc" => {
            let file = format!("measure-{}", process::id());
            format!("ipc://{}", env::temp_dir().join(file).display())
        }
        _ => "tcp://127.0.0.1:*".into(),
    }
}
