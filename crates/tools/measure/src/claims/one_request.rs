//! One request: over a socket of one's own, over HTTP with a new connection,
//! and over HTTP with one that stays.

use std::time::Duration;

use crate::bench::Bench;
use crate::claim::Claim;
use crate::fallible::Fallible;
use crate::finding::{Chart, Kind, Measurement, Verdict, figure};
use crate::load::{http, tcp};
use crate::servers::Server;
use crate::statistics::{Sample, Unit, times};

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
    measure,
    judge,
};

/// The chart by which the claim is judged, and its rows.
const ONE: &str = "Um pedido e a sua resposta";
const SOCKET: &str = "socket puro";
const AXUM: &str = "HTTP, axum";

/// How a client asks.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Connection {
    /// One that stays open, and no HTTP on it.
    Socket,
    /// One for each request.
    New,
    /// One for all requests.
    Kept,
}

/// A row's label: who answers, and over which connection.
fn label(who: &str, connection: Connection) -> String {
    match connection {
        Connection::Socket => who.into(),
        Connection::New => format!("{who}, ligação nova"),
        Connection::Kept => format!("{who}, ligação que fica"),
    }
}

struct Contender {
    label: String,
    kind: Kind,
    /// Which of the servers.
    server: usize,
    connection: Connection,
}

fn measure(bench: &mut Bench) -> Fallible<Measurement> {
    let mut servers: Vec<Server> = Vec::new();
    let mut contenders = Vec::new();
    let mut add = |who: &str, kind, server: Server, over: &[Connection]| {
        servers.push(server);
        for connection in over {
            contenders.push(Contender {
                label: label(who, *connection),
                kind,
                server: servers.len() - 1,
                connection: *connection,
            });
        }
    };
    let both = [Connection::New, Connection::Kept];
    let server = bench.serve("async_tcp_echo_server")?;
    add(SOCKET, Kind::Lesson, server, &[Connection::Socket]);
    let server = bench.serve("items_api_on_sockets")?;
    add("HTTP à mão", Kind::Lesson, server, &[Connection::New]);
    let server = bench.serve("items_api")?;
    add(AXUM, Kind::Lesson, server, &both);
    if let Some(server) = bench.serve_python("items_api")? {
        add("HTTP, FastAPI", Kind::Python, server, &both);
    }
    let server = bench.serve("hyper_items")?;
    add("HTTP, só hyper", Kind::Baseline, server, &both);

    let count = if bench.quick { 100 } else { 600 };
    let time = bench.time(Duration::from_millis(250));
    let rounds = bench.interleave(
        5,
        &mut contenders,
        |contender| contender.label.clone(),
        |_, contender| {
            let address = servers[contender.server].address();
            let latencies = match contender.connection {
                Connection::Socket => tcp::round_trips(address, time)?,
                Connection::New => http::first_answers(address, count)?,
                Connection::Kept => http::round_trips(address, time)?,
            };
            Ok(latencies.median())
        },
    )?;
    let mut one = Chart::new(ONE, Unit::Seconds);
    for (contender, rounds) in contenders.iter().zip(rounds) {
        one.row(contender.kind, &contender.label, Sample::of(rounds));
    }
    let mut charts = vec![one];
    charts.extend(many_connections(bench, &servers, &contenders)?);

    Ok(Measurement {
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

fn judge(charts: &[Chart]) -> Fallible<Verdict> {
    let axum = |connection| figure(charts, ONE, &label(AXUM, connection));
    let socket = figure(charts, ONE, SOCKET)?;
    let kept = axum(Connection::Kept)?;
    let new = axum(Connection::New)?;
    Ok(Verdict {
        holds: socket.high < kept.low && kept.high < new.low,
        found: format!(
            "num socket puro a resposta vem em {}; por HTTP em {} com a \
             ligação que fica ({}), e em {} com uma nova ({}).",
            Unit::Seconds.text(socket.median),
            Unit::Seconds.text(kept.median),
            times(kept.median, socket.median),
            Unit::Seconds.text(new.median),
            times(new.median, socket.median),
        ),
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
        .filter(|contender| contender.connection == Connection::Kept)
        .collect();
    let rounds = bench.interleave(
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
    for (contender, rounds) in kept.iter().zip(&rounds) {
        let (kind, label) = (contender.kind, &contender.label);
        let rate = Sample::of(rounds.iter().map(|(rate, _)| *rate));
        rates.row(kind, label, rate);
        let spent: Vec<f64> =
            rounds.iter().filter_map(|(_, spent)| *spent).collect();
        if !spent.is_empty() {
            processor.row(kind, label, Sample::of(spent));
        }
    }
    let mut charts = vec![rates, processor];
    charts.retain(|chart| !chart.rows.is_empty());
    Ok(charts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::made_up;

    fn verdict(socket: &[f64], kept: &[f64], new: &[f64]) -> Verdict {
        let (kept_label, new_label) =
            (label(AXUM, Connection::Kept), label(AXUM, Connection::New));
        let rows = [(SOCKET, socket), (&kept_label, kept), (&new_label, new)];
        judge(&[made_up(ONE, Unit::Seconds, &rows)]).expect("a verdict")
    }

    #[test]
    fn holds_where_each_step_costs_more_than_chance() {
        let (fast, slow) = (&[10e-6, 11e-6, 12e-6], &[20e-6, 22e-6, 24e-6]);
        let slowest = &[60e-6, 66e-6, 70e-6];
        let all = verdict(fast, slow, slowest);
        assert!(all.holds);
        assert!(
            all.found.contains("(2\u{a0}vezes), e em 66"),
            "{}",
            all.found
        );
        assert!(!verdict(slow, fast, slowest).holds);
        assert!(!verdict(fast, slowest, slow).holds);
        // The middle halves meet.
        assert!(!verdict(fast, &[10e-6, 13e-6, 16e-6], slowest).holds);
    }

    #[test]
    fn a_missing_figure_is_no_verdict() {
        let charts = [made_up(ONE, Unit::Seconds, &[(SOCKET, &[1e-6])])];
        let error = judge(&charts).expect_err("no verdict").to_string();
        assert!(error.contains("ligação que fica"), "{error}");
    }
}
