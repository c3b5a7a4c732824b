//! One client at a time, a thread a client, and async.

use std::time::Duration;

use crate::baseline;
use crate::bench::Bench;
use crate::claim::{Chart, Claim, Fallible, Finding, Kind};
use crate::load::{PATIENCE, tcp};
use crate::servers::{Server, Usage};
use crate::statistics::{Measure, Unit, times};

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
    run,
};

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
struct Load {
    contender: usize,
    clients: usize,
}

struct Run {
    rate: f64,
    served: usize,
    p99: f64,
    usage: Option<Usage>,
    /// For each answer, how often it was put aside, and how long it had a
    /// processor.
    each: Option<(f64, f64)>,
}

fn run(bench: &mut Bench) -> Fallible<Finding> {
    let mut notes = Vec::new();
    let contenders = contenders(bench, &mut notes)?;

    let waiting = second_client(bench, &contenders)?;
    let loads = [1, 100, 1000].into_iter().flat_map(|clients| {
        // A thousand that wait for one would find its queue full, and try
        // again a second later, when the measurement is over.
        let takes_part = move |contender: &Contender| {
            !contender.sequential || clients < 1000
        };
        let all = contenders.iter().enumerate();
        all.filter(move |(_, contender)| takes_part(contender))
            .map(move |(contender, _)| Load { contender, clients })
    });
    let mut loads: Vec<Load> = loads.collect();
    let time = bench.time(Duration::from_millis(250));
    let runs = bench.interleave(
        5,
        &mut loads,
        |load| {
            let label = &contenders[load.contender].label;
            format!("{label}, {} clientes", load.clients)
        },
        |bench, load| {
            let server = &contenders[load.contender].server;
            // Who is not served while another is will not be served at all.
            let patience = match contenders[load.contender].sequential {
                true => Duration::from_millis(100),
                false => PATIENCE,
            };
            let before = server.usage();
            let (crowd, usage) = tcp::crowd(
                &bench.runtime,
                server.address(),
                load.clients,
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
            Ok(Run {
                rate: crowd.rate,
                served: crowd.served,
                p99: crowd.p99,
                usage,
                each,
            })
        },
    )?;

    let of = |contender: usize, clients: usize| {
        let load = loads.iter().position(|load| {
            load.contender == contender && load.clients == clients
        })?;
        Some(&runs[load])
    };
    let mut served = Chart::new("De 100 clientes, têm resposta", Unit::Count);
    for (index, contender) in contenders.iter().enumerate() {
        if let Some(runs) = of(index, 100) {
            let value = Measure::of(runs.iter().map(|run| run.served as f64));
            served.row(contender.kind, &contender.label, value);
        }
    }
    let mut charts = vec![waiting, served];
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
            if let Some(runs) = of(index, clients) {
                let rate = Measure::of(runs.iter().map(|run| run.rate));
                let p99 = Measure::of(runs.iter().map(|run| run.p99));
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
    let (holds, found) = verdict(&charts, &contenders, |index| of(index, 1000));
    Ok(Finding {
        holds,
        found,
        charts,
        notes,
    })
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
        ("tcp_echo_server", "um de cada vez", "tcp_echo_blocking"),
        ("threaded_tcp_echo_server", "threads", "tcp_echo_threads"),
        ("async_tcp_echo_server", "async", "tcp_echo"),
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
    let runs = bench.interleave(
        3,
        &mut indices,
        |index| format!("{}, dois clientes", contenders[*index].label),
        |_, index| {
            let address = contenders[*index].server.address();
            Ok(tcp::second_client(address, STAY)?.as_secs_f64())
        },
    )?;
    let title = format!(
        "Quanto espera o segundo cliente, se o primeiro fica {} calado",
        Unit::Seconds.text(STAY.as_secs_f64())
    );
    let mut chart = Chart::new(title, Unit::Seconds).log();
    for (contender, runs) in contenders.iter().zip(runs) {
        chart.row(contender.kind, &contender.label, Measure::of(runs));
    }
    Ok(chart)
}

/// What a thousand clients cost, where the system tells.
fn costs<'a>(
    contenders: &[Contender],
    of: impl Fn(usize) -> Option<&'a Vec<Run>>,
    notes: &mut Vec<String>,
) -> Vec<Chart> {
    let mut memory = Chart::new("Memória, com 1000 clientes", Unit::Memory);
    let mut threads = Chart::new("Threads, com 1000 clientes", Unit::Count);
    let title = "Trocas de contexto por resposta, com 1000 clientes";
    let mut switches = Chart::new(title, Unit::Count);
    let title = "Tempo de processador por resposta, com 1000 clientes";
    let mut processor = Chart::new(title, Unit::Seconds);
    for (index, contender) in contenders.iter().enumerate() {
        let Some(runs) = of(index) else { continue };
        let (kind, label) = (contender.kind, &contender.label);
        let used: Vec<Usage> =
            runs.iter().filter_map(|run| run.usage).collect();
        let each: Vec<(f64, f64)> =
            runs.iter().filter_map(|run| run.each).collect();
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
        let row = memory.row(kind, label, Measure::of(value));
        if let Some(idle) = contender.idle {
            let idle = Unit::Memory.text(idle.memory as f64);
            row.detail = format!("sem clientes, {idle}");
        }
        let value = used.iter().map(|usage| usage.threads as f64);
        threads.row(kind, label, Measure::of(value));
        let value = each.iter().map(|(switches, _)| *switches);
        switches.row(kind, label, Measure::of(value));
        let value = each.iter().map(|(_, spent)| *spent);
        processor.row(kind, label, Measure::of(value));
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
    let runs = bench.interleave(
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
    for (index, runs) in indices.iter().zip(runs) {
        let contender = &contenders[*index];
        let median = Measure::of(runs.iter().map(|(median, _)| *median));
        let p99 = Measure::of(runs.iter().map(|(_, p99)| *p99));
        chart.row(contender.kind, &contender.label, median).detail =
            format!("p99 {}", Unit::Seconds.text(p99.median));
    }
    Ok(chart)
}

fn verdict<'a>(
    charts: &[Chart],
    contenders: &[Contender],
    of: impl Fn(usize) -> Option<&'a Vec<Run>>,
) -> (bool, String) {
    // The lessons, in the order of their slides.
    let lessons: Vec<usize> = (0..contenders.len())
        .filter(|index| contenders[*index].kind == Kind::Lesson)
        .collect();
    let waited = |lesson: usize| charts[0].rows[lessons[lesson]].value.median;
    let stay = STAY.as_secs_f64();
    let waits = waited(0) > 0.9 * stay
        && waited(1) < 0.5 * stay
        && waited(2) < 0.5 * stay;
    let mut found = format!(
        "o segundo cliente espera {} pelo servidor que bloqueia, {} com uma \
         thread por cliente e {} com async.",
        Unit::Seconds.text(waited(0)),
        Unit::Seconds.text(waited(1)),
        Unit::Seconds.text(waited(2)),
    );
    let median = |lesson: usize, value: fn(&Run) -> Option<f64>| {
        let runs = of(lessons[lesson])?;
        let values: Vec<f64> = runs.iter().filter_map(value).collect();
        (!values.is_empty()).then(|| Measure::of(values).median)
    };
    let memory = |run: &Run| Some(run.usage?.memory as f64);
    let threads = |run: &Run| Some(run.usage?.threads as f64);
    let mut cheaper = true;
    if let (Some(threaded), Some(single), Some(many), Some(one)) = (
        median(1, memory),
        median(2, memory),
        median(1, threads),
        median(2, threads),
    ) {
        cheaper = single < threaded && one == 1.0 && many >= 1000.0;
        found += &format!(
            " Com 1000 clientes, {} threads ocupam {}; a de async, {}: {} \
             menos.",
            Unit::Count.text(many),
            Unit::Memory.text(threaded),
            Unit::Memory.text(single),
            times(threaded, single),
        );
    }
    let all = of(lessons[2])
        .is_some_and(|runs| runs.iter().all(|run| run.served == 1000));
    (waits && cheaper && all, found)
}
