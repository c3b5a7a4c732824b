//! One request: over a socket of one's own, over HTTP with a new connection,
//! and over HTTP with one that stays.

use std::time::Duration;

use crate::bench::Bench;
use crate::claim::{Chart, Claim, Fallible, Finding, Kind};
use crate::load::{http, tcp};
use crate::servers::Server;
use crate::statistics::{Measure, Unit, times};

pub const CLAIM: Claim = Claim {
    number: 3,
    slide: "Sockets vs. APIs REST",
    statement: "Um socket puro, com a ligação sempre aberta, é mais rápido do \
                que o HTTP; e o HTTP é mais lento quando abre uma ligação para \
                cada pedido.",
    crates: &[
        "async_tcp_echo_server",
        "items_api",
        "items_api_on_sockets",
        "hyper_items",
    ],
    seconds: 15,
    run,
};

/// How a client asks.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Way {
    /// A message on a socket that stays open.
    Socket,
    /// A connection for each request.
    New,
    /// A connection for all requests.
    Kept,
}

struct Contender {
    label: String,
    kind: Kind,
    /// Which of the servers.
    server: usize,
    way: Way,
}

fn run(bench: &mut Bench) -> Fallible<Finding> {
    let mut servers: Vec<Server> = Vec::new();
    let mut contenders = Vec::new();
    let mut add = |label: &str, kind, server: Server, ways: &[Way]| {
        servers.push(server);
        for way in ways {
            let way_text = match way {
                Way::Socket => "",
                Way::New => ", ligação nova",
                Way::Kept => ", ligação que fica",
            };
            contenders.push(Contender {
                label: format!("{label}{way_text}"),
                kind,
                server: servers.len() - 1,
                way: *way,
            });
        }
    };
    let both = [Way::New, Way::Kept];
    let server = bench.serve("async_tcp_echo_server")?;
    add("socket puro", Kind::Lesson, server, &[Way::Socket]);
    let server = bench.serve("items_api_on_sockets")?;
    add("HTTP à mão", Kind::Lesson, server, &[Way::New]);
    let server = bench.serve("items_api")?;
    add("HTTP, axum", Kind::Lesson, server, &both);
    if let Some(server) = bench.serve_python("items_api")? {
        add("HTTP, FastAPI", Kind::Python, server, &both);
    }
    let server = bench.serve("hyper_items")?;
    add("HTTP, só hyper", Kind::Baseline, server, &both);

    let count = if bench.quick { 100 } else { 600 };
    let time = bench.time(Duration::from_millis(250));
    let runs = bench.interleave(
        5,
        &mut contenders,
        |contender| contender.label.clone(),
        |_, contender| {
            let address = servers[contender.server].address();
            let latencies = match contender.way {
                Way::Socket => tcp::round_trips(address, time)?,
                Way::New => http::first_answers(address, count)?,
                Way::Kept => http::round_trips(address, time)?,
            };
            Ok(latencies.median())
        },
    )?;
    let mut one = Chart::new("Um pedido e a sua resposta", Unit::Seconds);
    for (contender, runs) in contenders.iter().zip(runs) {
        one.row(contender.kind, &contender.label, Measure::of(runs));
    }
    let many = many_connections(bench, &servers, &contenders)?;

    let of = |label: &str| {
        let row = one.rows.iter().find(|row| row.label == label);
        row.map(|row| row.value.clone())
            .ok_or_else(|| format!("falta «{label}»"))
    };
    let socket = of("socket puro")?;
    let new = of("HTTP, axum, ligação nova")?;
    let kept = of("HTTP, axum, ligação que fica")?;
    let holds = socket.high < kept.low && kept.high < new.low;
    let found = format!(
        "num socket puro a resposta vem em {}; por HTTP em {} com a ligação \
         que fica ({}), e em {} com uma nova ({}).",
        Unit::Seconds.text(socket.median),
        Unit::Seconds.text(kept.median),
        times(kept.median, socket.median),
        Unit::Seconds.text(new.median),
        times(new.median, socket.median),
    );
    let mut charts = vec![one];
    charts.extend(many);
    Ok(Finding {
        holds,
        found,
        charts,
        notes: vec![
            "O socket puro é o eco de 64 bytes de async_tcp_echo_server; o \
             pedido HTTP é GET /items/1. O «HTTP à mão» é \
             items_api_on_sockets, que fecha a ligação depois de cada \
             resposta. O «só hyper» responde o mesmo com a biblioteca que o \
             axum usa, sem rotas e sem escrever uma linha por pedido."
                .into(),
            "Cada cliente espera pela resposta antes de voltar a pedir (ciclo \
             fechado)."
                .into(),
        ],
    })
}

/// How many requests a second, and what each costs the server where the
/// system tells.
fn many_connections(
    bench: &mut Bench,
    servers: &[Server],
    contenders: &[Contender],
) -> Fallible<Vec<Chart>> {
    const CLIENTS: usize = 50;
    let time = bench.time(Duration::from_millis(400));
    let mut kept: Vec<&Contender> = contenders
        .iter()
        .filter(|contender| contender.way == Way::Kept)
        .collect();
    let runs = bench.interleave(
        5,
        &mut kept,
        |contender| format!("{}, {CLIENTS} clientes", contender.label),
        |bench, contender| {
            let server = &servers[contender.server];
            let before = server.usage();
            let crowd =
                http::crowd(&bench.runtime, server.address(), CLIENTS, time)?;
            let spent = before.zip(server.usage()).map(|(before, after)| {
                (after.processor - before.processor) / crowd.answers as f64
            });
            Ok((crowd.rate, spent))
        },
    )?;
    let title = format!("Pedidos respondidos, com {CLIENTS} clientes");
    let mut rates = Chart::new(title, Unit::PerSecond);
    let title =
        format!("Tempo de processador por pedido, com {CLIENTS} clientes");
    let mut processor = Chart::new(title, Unit::Seconds);
    for (contender, runs) in kept.iter().zip(&runs) {
        let (kind, label) = (contender.kind, &contender.label);
        let rate = Measure::of(runs.iter().map(|(rate, _)| *rate));
        rates.row(kind, label, rate);
        let spent: Vec<f64> =
            runs.iter().filter_map(|(_, spent)| *spent).collect();
        if !spent.is_empty() {
            processor.row(kind, label, Measure::of(spent));
        }
    }
    let mut charts = vec![rates, processor];
    charts.retain(|chart| !chart.rows.is_empty());
    Ok(charts)
}
