//! One client at a time, a thread a client, and async.

use std::time::Duration;

use programs::Usage;

use crate::baseline;
use crate::bench::Bench;
use crate::claim::Claim;
use crate::fallible::Fallible;
use crate::finding::{Chart, Kind, Measurement, Verdict, figure, find};
use crate::load::{PATIENCE, tcp};
use crate::servers::Server;
use crate::statistics::{Sample, Unit, times};

pub const CLAIM: Claim = Claim {
    number: 2,
    slide: "O Problema: I/O Blocante (Blocking I/O)",
    statement: "Um servidor que bloqueia faz esperar todos menos um. Uma \
                thread por cliente resolve-o, e custa memória e trocas de \
                contexto; async serve milhares numa só thread.",
    crates: &[
        "tcp_echo_server",
        "threaded_tcp_echo_server",
        "async_tcp_echo_server",
    ],
    seconds: 20,
    measure,
    judge,
};

/// The charts by which the claim is judged.
const SERVED_OF_1000: &str = "De 1000 clientes, têm resposta";
const MEMORY: &str = "Memória, com 1000 clientes";
const THREADS: &str = "Threads, com 1000 clientes";

/// The title of the first one.
fn wait_of_the_second() -> String {
    format!(
        "Quanto espera o segundo cliente, se o primeiro fica {} calado",
        Unit::Seconds.text(STAY.as_secs_f64())
    )
}

/// The lessons, in the order of their slides.
const ONE_AT_A_TIME: &str = "um de cada vez";
const THREADED: &str = "threads";
const ASYNC: &str = "async";

/// How long the first client stays connected without saying anything.
const STAY: Duration = Duration::from_millis(300);

struct Contender {
    label: String,
    kind: Kind,
    server: Server,
    /// Whether it serves one client at a time.
    sequential: bool,
    /// What it occupied before its first client.
    idle: Option<Usage>,
}

/// A contender with so many clients.
struct Entry {
    contender: usize,
    clients: usize,
}

/// What an entry did in a round.
struct Round {
    rate: f64,
    served: usize,
    p99: f64,
    usage: Option<Usage>,
    /// For each answer, how often it was put aside, and how long it had a
    /// processor.
    each: Option<(f64, f64)>,
}

fn measure(bench: &mut Bench) -> Fallible<Measurement> {
    let mut notes = Vec::new();
    let contenders = contenders(bench, &mut notes)?;

    let waiting = second_client(bench, &contenders)?;
    let entries = [1, 100, 1000].into_iter().flat_map(|clients| {
        // A thousand that wait for one would find its queue full, and try
        // again a second later, when the measurement is over.
        let takes_part = move |contender: &Contender| {
            !contender.sequential || clients < 1000
        };
        let all = contenders.iter().enumerate();
        all.filter(move |(_, contender)| takes_part(contender))
            .map(move |(contender, _)| Entry { contender, clients })
    });
    let mut entries: Vec<Entry> = entries.collect();
    let time = bench.time(Duration::from_millis(250));
    let rounds = bench.interleave(
        5,
        &mut entries,
        |entry| {
            let label = &contenders[entry.contender].label;
            format!("{label}, {} clientes", entry.clients)
        },
        |bench, entry| {
            let server = &contenders[entry.contender].server;
            // Who is not served while another is will not be served at all.
            let patience = match contenders[entry.contender].sequential {
                true => Duration::from_millis(100),
                false => PATIENCE,
            };
            let before = server.usage();
            let (crowd, usage) = tcp::crowd(
                &bench.runtime,
                server.address(),
                entry.clients,
                time,
                patience,
                || server.usage(),
            )?;
            let each = before.zip(usage).map(|(before, after)| {
                let answers = crowd.answers.max(1) as f64;
                // A thread that has ended takes its counts along.
                let switches = after.switches.saturating_sub(before.switches);
                let spent = (after.processor - before.processor).max(0.0);
                (switches as f64 / answers, spent / answers)
            });
            Ok(Round {
                rate: crowd.rate,
                served: crowd.served,
                p99: crowd.p99,
                usage,
                each,
            })
        },
    )?;

    let of = |contender: usize, clients: usize| {
        let entry = entries.iter().position(|entry| {
            entry.contender == contender && entry.clients == clients
        })?;
        Some(&rounds[entry])
    };
    let served = |clients, title: &str| {
        let mut chart = Chart::new(title, Unit::Count);
        for (index, contender) in contenders.iter().enumerate() {
            if let Some(rounds) = of(index, clients) {
                let served = rounds.iter().map(|round| round.served as f64);
                let served = Sample::of(served);
                chart.row(contender.kind, &contender.label, served);
            }
        }
        chart
    };
    let mut charts = vec![
        waiting,
        served(100, "De 100 clientes, têm resposta"),
        served(1000, SERVED_OF_1000),
    ];
    for clients in [1, 100, 1000] {
        let title = match clients {
            1 => "Respostas, com 1 cliente".to_string(),
            1000 => "Respostas, com 1000 clientes".to_string(),
            clients => format!("Respostas, com {clients} clientes"),
        };
        let mut rates = Chart::new(title, Unit::PerSecond);
        for (index, contender) in contenders.iter().enumerate() {
            // One served out of a hundred is no rate to compare.
            if contender.sequential && clients > 1 {
                continue;
            }
            if let Some(rounds) = of(index, clients) {
                let rate = Sample::of(rounds.iter().map(|round| round.rate));
                let p99 = Sample::of(rounds.iter().map(|round| round.p99));
                rates.row(contender.kind, &contender.label, rate).detail =
                    format!("p99 {}", Unit::Seconds.text(p99.median));
            }
        }
        charts.push(rates);
    }
    charts.extend(costs(&contenders, |index| of(index, 1000), &mut notes));
    charts.push(constant_rate(bench, &contenders)?);

    notes.push(
        "As respostas por segundo vêm de clientes que esperam por cada uma \
         antes de enviar a seguinte (ciclo fechado). O último gráfico é ao \
         contrário: as mensagens partem a um ritmo constante, e o atraso \
         conta-se desde a hora marcada, para que as que ficam à espera de uma \
         lenta também contem."
            .into(),
    );
    notes.push(
        "As lições e os programas em Python escrevem uma linha por mensagem; o \
         epoll_echo, em C, não escreve nada. O Python guarda as linhas e \
         escreve-as aos 8 KiB; o Rust escreve cada uma."
            .into(),
    );
    Ok(Measurement { charts, notes })
}

fn contenders(
    bench: &Bench,
    notes: &mut Vec<String>,
) -> Fallible<Vec<Contender>> {
    let mut contenders = Vec::new();
    let mut add = |label: String, kind, server: Server, sequential| {
        let idle = server.usage();
        contenders.push(Contender {
            label,
            kind,
            server,
            sequential,
            idle,
        });
    };
    for (lesson, label, python) in [
        ("tcp_echo_server", ONE_AT_A_TIME, "tcp_echo_blocking"),
        ("threaded_tcp_echo_server", THREADED, "tcp_echo_threads"),
        ("async_tcp_echo_server", ASYNC, "tcp_echo"),
    ] {
        let sequential = lesson == "tcp_echo_server";
        let server = bench.serve(lesson)?;
        add(label.into(), Kind::Lesson, server, sequential);
        if let Some(server) = bench.serve_python(python)? {
            let label = format!("{label}, em Python");
            add(label, Kind::Python, server, sequential);
        }
    }
    match baseline::epoll_echo() {
        Ok(server) => {
            add("epoll, em C".into(), Kind::Baseline, server, false);
        }
        Err(why) => notes.push(format!("Sem a comparação com C: {why}.")),
    }
    Ok(contenders)
}

fn second_client(
    bench: &mut Bench,
    contenders: &[Contender],
) -> Fallible<Chart> {
    let mut indices: Vec<usize> = (0..contenders.len()).collect();
    let rounds = bench.interleave(
        3,
        &mut indices,
        |index| format!("{}, dois clientes", contenders[*index].label),
        |_, index| {
            let address = contenders[*index].server.address();
            Ok(tcp::second_client(address, STAY)?.as_secs_f64())
        },
    )?;
    let mut chart = Chart::new(wait_of_the_second(), Unit::Seconds).log();
    for (contender, rounds) in contenders.iter().zip(rounds) {
        chart.row(contender.kind, &contender.label, Sample::of(rounds));
    }
    Ok(chart)
}

/// What a thousand clients cost, where the system tells.
fn costs<'a>(
    contenders: &[Contender],
    of: impl Fn(usize) -> Option<&'a Vec<Round>>,
    notes: &mut Vec<String>,
) -> Vec<Chart> {
    let mut memory = Chart::new(MEMORY, Unit::Memory);
    let mut threads = Chart::new(THREADS, Unit::Count);
    let title = "Trocas de contexto por resposta, com 1000 clientes";
    let mut switches = Chart::new(title, Unit::Count);
    let title = "Tempo de processador por resposta, com 1000 clientes";
    let mut processor = Chart::new(title, Unit::Seconds);
    for (index, contender) in contenders.iter().enumerate() {
        let Some(rounds) = of(index) else { continue };
        let (kind, label) = (contender.kind, &contender.label);
        let used: Vec<Usage> =
            rounds.iter().filter_map(|round| round.usage).collect();
        let each: Vec<(f64, f64)> =
            rounds.iter().filter_map(|round| round.each).collect();
        if used.is_empty() || each.is_empty() {
            notes.push(
                "Este sistema não diz quanta memória, quantas threads e \
                 quantas trocas de contexto usa um processo: não se pôde \
                 medir (só em Linux)."
                    .into(),
            );
            return Vec::new();
        }
        let value = used.iter().map(|usage| usage.memory as f64);
        let row = memory.row(kind, label, Sample::of(value));
        if let Some(idle) = contender.idle {
            let idle = Unit::Memory.text(idle.memory as f64);
            row.detail = format!("sem clientes, {idle}");
        }
        let value = used.iter().map(|usage| usage.threads as f64);
        threads.row(kind, label, Sample::of(value));
        let value = each.iter().map(|(switches, _)| *switches);
        switches.row(kind, label, Sample::of(value));
        let value = each.iter().map(|(_, spent)| *spent);
        processor.row(kind, label, Sample::of(value));
    }
    vec![memory, threads, switches, processor]
}

/// What clients wait that come by themselves.
fn constant_rate(
    bench: &mut Bench,
    contenders: &[Contender],
) -> Fallible<Chart> {
    const CLIENTS: usize = 100;
    const RATE: u32 = 5000;
    let time = bench.time(Duration::from_millis(400));
    let mut indices: Vec<usize> = (0..contenders.len())
        .filter(|index| !contenders[*index].sequential)
        .collect();
    let rounds = bench.interleave(
        3,
        &mut indices,
        |index| format!("{}, ritmo constante", contenders[*index].label),
        |bench, index| {
            let address = contenders[*index].server.address();
            let latencies = tcp::constant_rate(
                &bench.runtime,
                address,
                CLIENTS,
                RATE,
                time,
            )?;
            Ok((latencies.median(), latencies.p99()))
        },
    )?;
    let title = format!(
        "Atraso com {CLIENTS} clientes que enviam {RATE} mensagens por segundo"
    );
    let mut chart = Chart::new(title, Unit::Seconds);
    for (index, rounds) in indices.iter().zip(rounds) {
        let contender = &contenders[*index];
        let median = Sample::of(rounds.iter().map(|(median, _)| *median));
        let p99 = Sample::of(rounds.iter().map(|(_, p99)| *p99));
        chart.row(contender.kind, &contender.label, median).detail =
            format!("p99 {}", Unit::Seconds.text(p99.median));
    }
    Ok(chart)
}

fn judge(charts: &[Chart]) -> Fallible<Verdict> {
    let title = wait_of_the_second();
    let waited = |label| figure(charts, &title, label).map(|wait| wait.median);
    let (blocking, threaded, single) =
        (waited(ONE_AT_A_TIME)?, waited(THREADED)?, waited(ASYNC)?);
    let stay = STAY.as_secs_f64();
    let waits =
        blocking > 0.9 * stay && threaded < 0.5 * stay && single < 0.5 * stay;
    let served = &figure(charts, SERVED_OF_1000, ASYNC)?.runs;
    let all_served = served.iter().all(|served| *served == 1000.0);
    let mut found = format!(
        "o segundo cliente espera {} pelo servidor que bloqueia, {} com uma \
         thread por cliente e {} com async.",
        Unit::Seconds.text(blocking),
        Unit::Seconds.text(threaded),
        Unit::Seconds.text(single),
    );
    // Not every system tells these.
    let used = |title, label| find(charts, title, label).map(|it| it.median);
    let mut is_cheaper = true;
    if let (Some(threaded), Some(single), Some(many), Some(one)) = (
        used(MEMORY, THREADED),
        used(MEMORY, ASYNC),
        used(THREADS, THREADED),
        used(THREADS, ASYNC),
    ) {
        is_cheaper = single < threaded && one == 1.0 && many >= 1000.0;
        found += &format!(
            " Com 1000 clientes, {} threads ocupam {}; a de async, {}: {} \
             menos.",
            Unit::Count.text(many),
            Unit::Memory.text(threaded),
            Unit::Memory.text(single),
            times(threaded, single),
        );
    }
    Ok(Verdict {
        holds: waits && is_cheaper && all_served,
        found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::made_up;

    /// What was waited, served to async's clients, and used by both.
    fn charts(
        waited: [f64; 3],
        served: &[f64],
        memory: [f64; 2],
        threads: [f64; 2],
    ) -> Vec<Chart> {
        let waits = [
            (ONE_AT_A_TIME, &waited[0..1]),
            (THREADED, &waited[1..2]),
            (ASYNC, &waited[2..3]),
        ];
        let both = |values| {
            let values: &[f64; 2] = values;
            [(THREADED, &values[0..1]), (ASYNC, &values[1..2])]
        };
        vec![
            made_up(&wait_of_the_second(), Unit::Seconds, &waits),
            made_up(SERVED_OF_1000, Unit::Count, &[(ASYNC, served)]),
            made_up(MEMORY, Unit::Memory, &both(&memory)),
            made_up(THREADS, Unit::Count, &both(&threads)),
        ]
    }

    const WAITED: [f64; 3] = [0.3, 0.001, 0.001];
    const SERVED: &[f64] = &[1000.0, 1000.0];
    const MEMORY_OF: [f64; 2] = [50e6, 5e6];
    const THREADS_OF: [f64; 2] = [1001.0, 1.0];

    fn holds(charts: &[Chart]) -> bool {
        judge(charts).expect("a verdict").holds
    }

    #[test]
    fn holds_where_only_the_blocking_one_keeps_others_waiting() {
        let waited = |waited| charts(waited, SERVED, MEMORY_OF, THREADS_OF);
        assert!(holds(&waited(WAITED)));
        assert!(!holds(&waited([0.1, 0.001, 0.001])));
        assert!(!holds(&waited([0.3, 0.2, 0.001])));
        assert!(!holds(&waited([0.3, 0.001, 0.2])));
        let found = judge(&waited(WAITED)).expect("a verdict").found;
        assert!(found.contains("10\u{a0}vezes menos"), "{found}");
    }

    #[test]
    fn holds_where_one_thread_serves_all_for_less() {
        let used = |memory, threads| charts(WAITED, SERVED, memory, threads);
        assert!(!holds(&used([5e6, 50e6], THREADS_OF)));
        assert!(!holds(&used(MEMORY_OF, [1001.0, 8.0])));
        assert!(!holds(&used(MEMORY_OF, [64.0, 1.0])));
        let served = [1000.0, 999.0];
        assert!(!holds(&charts(WAITED, &served, MEMORY_OF, THREADS_OF)));
    }

    #[test]
    fn where_the_system_does_not_tell_what_is_used_the_waits_decide() {
        let mut charts = charts(WAITED, SERVED, MEMORY_OF, THREADS_OF);
        charts.truncate(2);
        let verdict = judge(&charts).expect("a verdict");
        assert!(verdict.holds);
        assert!(!verdict.found.contains("threads ocupam"));
    }
}
