//! TCP against UDP: the first answer, the next ones, and a road with losses.

use std::net::SocketAddr;
use std::time::Duration;

use rand::RngExt;

use crate::bench::Bench;
use crate::claim::{Chart, Claim, Fallible, Finding, Kind};
use crate::load::udp::LossyRoad;
use crate::load::{tcp, udp};
use crate::servers::Server;
use crate::statistics::{Measure, Unit, times};

pub const CLAIM: Claim = Claim {
    number: 1,
    slide: "TCP vs. UDP: Os Dois Pilares",
    statement: "O UDP é mais rápido do que o TCP, porque não tem ligação para \
                estabelecer; em troca, o que se perde fica perdido.",
    crates: &["tcp_echo_server", "udp_echo_server"],
    seconds: 8,
    run,
};

/// The share of datagrams that the road loses, in each direction.
const LOSS: f64 = 0.05;

/// How long a client waits before it sends again.
const PATIENCE: Duration = Duration::from_millis(20);

struct Contender {
    label: String,
    kind: Kind,
    server: Server,
    is_tcp: bool,
}

struct Run {
    /// A new socket, and one round trip.
    first: f64,
    /// A round trip on the socket that is open already.
    next: f64,
}

fn run(bench: &mut Bench) -> Fallible<Finding> {
    let mut contenders = Vec::new();
    for (label, lesson, python, is_tcp) in [
        ("TCP", "tcp_echo_server", "tcp_echo_blocking", true),
        ("UDP", "udp_echo_server", "udp_echo", false),
    ] {
        contenders.push(Contender {
            label: label.into(),
            kind: Kind::Lesson,
            server: bench.serve(lesson)?,
            is_tcp,
        });
        if let Some(server) = bench.serve_python(python)? {
            contenders.push(Contender {
                label: format!("{label}, em Python"),
                kind: Kind::Python,
                server,
                is_tcp,
            });
        }
    }

    let time = bench.time(Duration::from_millis(300));
    let count = if bench.quick { 100 } else { 1000 };
    let runs = bench.interleave(
        7,
        &mut contenders,
        |contender| contender.label.clone(),
        |_, contender| {
            let address = contender.server.address();
            let (first, next) = if contender.is_tcp {
                let first = tcp::first_answers(address, count)?;
                (first, tcp::round_trips(address, time)?)
            } else {
                let first = udp::first_answers(address, count)?;
                (first, udp::round_trips(address, time)?)
            };
            Ok(Run {
                first: first.median(),
                next: next.median(),
            })
        },
    )?;

    let title = "Um socket novo, e a primeira ida e volta";
    let mut first = Chart::new(title, Unit::Seconds);
    let title = "Mais uma ida e volta, no mesmo socket";
    let mut next = Chart::new(title, Unit::Seconds);
    for (contender, runs) in contenders.iter().zip(&runs) {
        let (kind, label) = (contender.kind, &contender.label);
        first.row(kind, label, Measure::of(runs.iter().map(|run| run.first)));
        next.row(kind, label, Measure::of(runs.iter().map(|run| run.next)));
    }
    let udp = contenders
        .iter()
        .position(|contender| !contender.is_tcp)
        .unwrap_or_default();
    let (tcp_first, udp_first) =
        (first.rows[0].value.clone(), first.rows[udp].value.clone());
    let (tcp_next, udp_next) =
        (next.rows[0].value.clone(), next.rows[udp].value.clone());
    let (answered, losses) =
        on_a_lossy_road(bench, contenders[udp].server.address())?;

    // More than chance: the middle halves of the runs do not meet.
    let holds = udp_first.high < tcp_first.low;
    let found = format!(
        "até à primeira resposta, o TCP demora {} e o UDP {} ({}); depois de \
         aberto, {} e {}. Com {:.0}\u{a0}% de perdas em cada sentido, só {} dos \
         datagramas têm resposta à primeira.",
        Unit::Seconds.text(tcp_first.median),
        Unit::Seconds.text(udp_first.median),
        times(tcp_first.median, udp_first.median),
        Unit::Seconds.text(tcp_next.median),
        Unit::Seconds.text(udp_next.median),
        LOSS * 100.0,
        Unit::Share.text(answered.rows[0].value.median),
    );
    Ok(Finding {
        holds,
        found,
        charts: vec![first, next, answered, losses],
        notes: vec![
            "Na mesma máquina a rede não demora: o que se vê é o trabalho do \
             sistema. Numa rede, abrir a ligação TCP custa mais uma ida e \
             volta inteira."
                .into(),
            format!(
                "As perdas são feitas por um intermediário da ferramenta, que \
                 deita fora {:.0}\u{a0}% dos datagramas em cada sentido, à sorte da \
                 semente; o cliente repete ao fim de {}. Perder pacotes TCP \
                 exige permissões de administrador (no Linux, tc netem): não \
                 se mediu. Aí quem repete é o sistema.",
                LOSS * 100.0,
                Unit::Seconds.text(PATIENCE.as_secs_f64()),
            ),
            "Um cliente de cada vez, que espera pela resposta (ciclo fechado): \
             a pergunta é quanto demora uma troca, sem mais ninguém."
                .into(),
        ],
    })
}

/// Which share is answered at once, and how long the answers take when the
/// client insists.
fn on_a_lossy_road(
    bench: &mut Bench,
    server: SocketAddr,
) -> Fallible<(Chart, Chart)> {
    let count = if bench.quick { 100 } else { 400 };
    let runs = bench.interleave(
        3,
        &mut [0.0, LOSS],
        |loss| format!("UDP com {:.0}\u{a0}% de perdas", loss * 100.0),
        |bench, loss| {
            let seed = bench.random.random();
            let road = LossyRoad::to(server, *loss, seed)?;
            Ok(udp::with_losses(road.address(), count, PATIENCE)?)
        },
    )?;
    let title = "Datagramas com resposta à primeira";
    let mut answered = Chart::new(title, Unit::Share);
    let title = "UDP que insiste: até à resposta, na média de todos";
    let mut losses = Chart::new(title, Unit::Seconds).log();
    for (label, runs) in [("com perdas", &runs[1]), ("sem perdas", &runs[0])] {
        let shares = runs.iter().map(|run| run.answered);
        answered.row(Kind::Lesson, label, Measure::of(shares));
        let means = runs.iter().map(|run| run.latencies.mean());
        let p99 = Measure::of(runs.iter().map(|run| run.latencies.p99()));
        losses.row(Kind::Lesson, label, Measure::of(means)).detail =
            format!("p99 {}", Unit::Seconds.text(p99.median));
    }
    Ok((answered, losses))
}
