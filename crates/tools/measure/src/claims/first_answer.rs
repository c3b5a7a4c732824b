//! TCP against UDP: the first answer, the next ones, and a road with losses.

use std::net::SocketAddr;
use std::time::Duration;

use rand::RngExt;

use crate::bench::Bench;
use crate::claim::Claim;
use crate::fallible::Fallible;
use crate::finding::{Chart, Kind, Measurement, Verdict, figure};
use crate::load::udp::LossyRoad;
use crate::load::{tcp, udp};
use crate::servers::Server;
use crate::statistics::{Sample, Unit, times};

pub const CLAIM: Claim = Claim {
    number: 1,
    slide: "TCP vs. UDP: Os Dois Pilares",
    statement: "O UDP é mais rápido do que o TCP, porque não tem ligação para \
                estabelecer; em troca, o que se perde fica perdido.",
    crates: &["tcp_echo_server", "udp_echo_server"],
    seconds: 8,
    measure,
    judge,
};

/// The share of datagrams that the road loses, in each direction.
const LOSS: f64 = 0.05;

/// How long a client waits before it sends again.
const PATIENCE: Duration = Duration::from_millis(20);

/// The charts by which the claim is judged.
const FIRST: &str = "Um socket novo, e a primeira ida e volta";
const NEXT: &str = "Mais uma ida e volta, no mesmo socket";
const ANSWERED: &str = "Datagramas com resposta à primeira";

struct Contender {
    label: String,
    kind: Kind,
    server: Server,
    is_tcp: bool,
}

/// What a contender did in a round: seconds.
struct Round {
    /// A new socket, and one round trip.
    first: f64,
    /// A round trip on the socket that is open already.
    next: f64,
}

fn measure(bench: &mut Bench) -> Fallible<Measurement> {
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
    let rounds = bench.interleave(
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
            Ok(Round {
                first: first.median(),
                next: next.median(),
            })
        },
    )?;

    let mut first = Chart::new(FIRST, Unit::Seconds);
    let mut next = Chart::new(NEXT, Unit::Seconds);
    for (contender, rounds) in contenders.iter().zip(&rounds) {
        let (kind, label) = (contender.kind, &contender.label);
        let firsts = rounds.iter().map(|round| round.first);
        first.row(kind, label, Sample::of(firsts));
        let nexts = rounds.iter().map(|round| round.next);
        next.row(kind, label, Sample::of(nexts));
    }
    let udp = contenders
        .iter()
        .position(|contender| !contender.is_tcp)
        .unwrap_or_default();
    let (answered, losses) =
        on_a_lossy_road(bench, contenders[udp].server.address())?;

    Ok(Measurement {
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

fn judge(charts: &[Chart]) -> Fallible<Verdict> {
    let tcp_first = figure(charts, FIRST, "TCP")?;
    let udp_first = figure(charts, FIRST, "UDP")?;
    let tcp_next = figure(charts, NEXT, "TCP")?;
    let udp_next = figure(charts, NEXT, "UDP")?;
    let answered = figure(charts, ANSWERED, "com perdas")?;
    Ok(Verdict {
        // More than chance: the middle halves of the rounds do not meet.
        holds: udp_first.high < tcp_first.low,
        found: format!(
            "até à primeira resposta, o TCP demora {} e o UDP {} ({}); depois \
             de aberto, {} e {}. Com {:.0}\u{a0}% de perdas em cada sentido, \
             só {} dos datagramas têm resposta à primeira.",
            Unit::Seconds.text(tcp_first.median),
            Unit::Seconds.text(udp_first.median),
            times(tcp_first.median, udp_first.median),
            Unit::Seconds.text(tcp_next.median),
            Unit::Seconds.text(udp_next.median),
            LOSS * 100.0,
            Unit::Share.text(answered.median),
        ),
    })
}

/// Which share is answered at once, and how long the answers take when the
/// client insists.
fn on_a_lossy_road(
    bench: &mut Bench,
    server: SocketAddr,
) -> Fallible<(Chart, Chart)> {
    let count = if bench.quick { 100 } else { 400 };
    let rounds = bench.interleave(
        3,
        &mut [0.0, LOSS],
        |loss| format!("UDP com {:.0}\u{a0}% de perdas", loss * 100.0),
        |bench, loss| {
            let seed = bench.random.random();
            let road = LossyRoad::to(server, *loss, seed)?;
            Ok(udp::with_losses(road.address(), count, PATIENCE)?)
        },
    )?;
    let mut answered = Chart::new(ANSWERED, Unit::Share);
    let title = "UDP que insiste: até à resposta, na média de todos";
    let mut losses = Chart::new(title, Unit::Seconds).log();
    for (label, rounds) in
        [("com perdas", &rounds[1]), ("sem perdas", &rounds[0])]
    {
        let shares = rounds.iter().map(|round| round.answered);
        answered.row(Kind::Lesson, label, Sample::of(shares));
        let means = rounds.iter().map(|round| round.latencies.mean());
        let p99 = rounds.iter().map(|round| round.latencies.p99());
        let p99 = Sample::of(p99);
        losses.row(Kind::Lesson, label, Sample::of(means)).detail =
            format!("p99 {}", Unit::Seconds.text(p99.median));
    }
    Ok((answered, losses))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::made_up;

    fn verdict(udp_first: &[f64]) -> Verdict {
        let charts = [
            made_up(
                FIRST,
                Unit::Seconds,
                &[("TCP", &[50e-6, 52e-6, 54e-6]), ("UDP", udp_first)],
            ),
            made_up(NEXT, Unit::Seconds, &[("TCP", &[2e-5]), ("UDP", &[1e-5])]),
            made_up(ANSWERED, Unit::Share, &[("com perdas", &[0.9])]),
        ];
        judge(&charts).expect("a verdict")
    }

    #[test]
    fn holds_where_udp_answers_first_by_more_than_chance() {
        let holds = |udp_first| verdict(udp_first).holds;
        assert!(holds(&[20e-6, 21e-6, 22e-6]));
        assert!(!holds(&[60e-6, 61e-6, 62e-6]));
        // A smaller median, in runs that meet.
        assert!(!holds(&[20e-6, 51e-6, 56e-6]));
        let found = verdict(&[25e-6, 26e-6, 27e-6]).found;
        assert!(found.contains("2\u{a0}vezes"), "{found}");
        assert!(found.contains("só 90\u{a0}% dos datagramas"), "{found}");
    }
}
