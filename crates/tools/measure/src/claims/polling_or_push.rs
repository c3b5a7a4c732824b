//! News by asking every two seconds, and news that come by themselves.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use rand::RngExt;

use crate::bench::Bench;
use crate::claim::Claim;
use crate::fallible::Fallible;
use crate::finding::{Chart, Kind, Measurement, Verdict, figure};
use crate::load::http;
use crate::load::ws::Chat;
use crate::relay::{Passed, Relay};
use crate::statistics::{Latencies, Sample, Unit, times};

pub const CLAIM: Claim = Claim {
    number: 4,
    slide: "WebSockets: O Canal de Tempo Real",
    statement: "Perguntar de 2 em 2 segundos se há novidades (polling) é \
                ineficiente; um WebSocket entrega-as logo e poupa largura de \
                banda.",
    crates: &["items_api", "ws_chat_server"],
    seconds: 13,
    measure,
    judge,
};

/// The charts by which the claim is judged, and their rows.
const WAIT: &str = "Espera pela novidade";
const BYTES: &str = "Bytes na rede";
const POLLING: &str = "Perguntar de 2 em 2 s";
const PUSH: &str = "WebSocket";
const ONE_QUESTION: &str = "Uma pergunta e a resposta";
const ONE_PUSH: &str = "Uma novidade por WebSocket";

/// The slide's.
const INTERVAL: Duration = Duration::from_secs(2);

/// So many browsers wait for the same news.
const CLIENTS: usize = 50;

const ROUNDS: usize = 3;

/// How many news a round of push has; a round of polling has one.
const NEWS: usize = 20;

/// The news: what the API answers.
const TEXT: &str = "{\"name\":\"Laptop\",\"price\":1200}";

/// How the news arrive.
enum Contender {
    Polling(SocketAddr),
    Push(Kind, Box<Chat>),
}

fn measure(bench: &mut Bench) -> Fallible<Measurement> {
    let api = bench.serve("items_api")?;
    let server = bench.serve("ws_chat_server")?;
    let python = bench.serve_python("ws_chat_server")?;
    let join =
        |server: SocketAddr| Chat::join(server, server, CLIENTS).map(Box::new);
    let mut contenders = vec![
        Contender::Polling(api.address()),
        Contender::Push(Kind::Lesson, join(server.address())?),
    ];
    if let Some(server) = &python {
        let chat = join(server.address())?;
        contenders.push(Contender::Push(Kind::Python, chat));
    }
    let delays = bench.interleave(
        ROUNDS,
        &mut contenders,
        |contender| label(contender).into(),
        |bench, contender| match contender {
            Contender::Polling(api) => {
                let interval = bench.time(INTERVAL);
                Ok(poll(bench, *api, interval)?)
            }
            Contender::Push(_, chat) => push(chat),
        },
    )?;

    let mut delay = Chart::new(WAIT, Unit::Seconds).log();
    for (contender, rounds) in contenders.iter().zip(&delays) {
        let kind = match contender {
            Contender::Polling(_) => Kind::Lesson,
            Contender::Push(kind, _) => *kind,
        };
        let medians = Sample::of(rounds.iter().map(Latencies::median));
        let longest = rounds.iter().map(|round| round.quantile(1.0));
        let longest = Unit::Seconds.text(longest.fold(0.0, f64::max));
        delay.row(kind, label(contender), medians).detail =
            format!("a maior {longest}");
    }

    let poll = bytes_of_a_poll(api.address())?;
    let news = bytes_of_a_push(server.address())?;
    let mut bytes = Chart::new(BYTES, Unit::Bytes);
    let poll_bytes = Sample::exact(poll as f64);
    bytes.row(Kind::Lesson, ONE_QUESTION, poll_bytes);
    let news_bytes = Sample::exact(news as f64);
    bytes.row(Kind::Lesson, ONE_PUSH, news_bytes);
    let a_minute = 60 / INTERVAL.as_secs() as usize * poll;
    let minute_bytes = Sample::exact(a_minute as f64);
    bytes.row(Kind::Lesson, "Um minuto de perguntas", minute_bytes);

    Ok(Measurement {
        charts: vec![delay, bytes],
        notes: notes(),
    })
}

fn judge(charts: &[Chart]) -> Fallible<Verdict> {
    let polling = figure(charts, WAIT, POLLING)?;
    let push = figure(charts, WAIT, PUSH)?;
    let question = figure(charts, BYTES, ONE_QUESTION)?.median;
    let news = figure(charts, BYTES, ONE_PUSH)?.median;
    Ok(Verdict {
        holds: push.high < polling.low && news < question,
        found: format!(
            "a novidade esperou {} pela pergunta seguinte e {} pelo \
             WebSocket. Cada pergunta custou {}, com ou sem novidade, e cada \
             novidade {} por WebSocket: {} menos.",
            Unit::Seconds.text(polling.median),
            Unit::Seconds.text(push.median),
            Unit::Bytes.text(question),
            Unit::Bytes.text(news),
            times(question, news),
        ),
    })
}

fn label(contender: &Contender) -> &'static str {
    match contender {
        Contender::Polling(_) => POLLING,
        Contender::Push(Kind::Python, _) => "WebSocket, em Python",
        Contender::Push(..) => PUSH,
    }
}

fn notes() -> Vec<String> {
    vec![
        format!(
            "{CLIENTS} clientes, cada um com a sua ligação, que se mantém; os \
             que perguntam fazem-no cada um no seu momento dos 2 segundos. A \
             espera vai da novidade à sua chegada a cada cliente."
        ),
        "A API das lições não muda: conta como novidade a primeira resposta a \
         um pedido feito depois dela, num instante tirado à sorte."
            .into(),
        "Os bytes são contados num relay, com o pedido mais curto que o HTTP \
         permite; um browser junta-lhe centenas. O texto é o mesmo nos dois."
            .into(),
    ]
}

/// How long each client has to wait for a piece of news that comes at some
/// moment, when it asks at every interval.
fn poll(
    bench: &mut Bench,
    api: SocketAddr,
    interval: Duration,
) -> io::Result<Latencies> {
    // All connections are made before.
    let streams: Vec<TcpStream> = (0..CLIENTS)
        .map(|_| http::connect(api))
        .collect::<io::Result<_>>()?;
    let start = Instant::now();
    let mut moment = || interval.mul_f64(bench.random.random());
    let news = start + moment();
    let clients: Vec<_> = streams
        .into_iter()
        .map(|stream| {
            let first = start + moment();
            thread::spawn(move || wait_for_news(stream, first, interval, news))
        })
        .collect();
    let mut delays = Latencies::new();
    for client in clients {
        let waited = client.join();
        delays.record(waited.map_err(|_| io::Error::other("um cliente"))??);
    }
    Ok(delays)
}

fn wait_for_news(
    mut stream: TcpStream,
    mut next: Instant,
    interval: Duration,
    news: Instant,
) -> io::Result<Duration> {
    loop {
        thread::sleep(next.saturating_duration_since(Instant::now()));
        let asked = Instant::now();
        http::exchange(&mut stream)?;
        if asked >= news {
            return Ok(news.elapsed());
        }
        next += interval;
    }
}

/// How long each client has to wait for each piece of news.
fn push(chat: &mut Chat) -> Fallible<Latencies> {
    let mut delays = Latencies::new();
    for _ in 0..NEWS {
        for delay in chat.say(TEXT)? {
            delays.record(delay);
        }
    }
    Ok(delays)
}

fn bytes_of_a_poll(api: SocketAddr) -> io::Result<usize> {
    let relay = Relay::tcp(api)?;
    http::exchange(&mut http::connect(relay.address())?)?;
    let Passed { there, back } = relay.passed();
    Ok(there.len() + back.len())
}

/// The bytes that come to one listener.
fn bytes_of_a_push(server: SocketAddr) -> Fallible<usize> {
    let relay = Relay::tcp(server)?;
    let mut chat = Chat::join(server, relay.address(), 1)?;
    chat.say(TEXT)?; // nothing of before is on its way any more
    let before = relay.passed();
    chat.say(TEXT)?;
    let after = relay.passed();
    let all = |passed: &Passed| passed.there.len() + passed.back.len();
    Ok(all(&after) - all(&before))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::made_up;

    fn verdict(polling: &[f64], question: f64, news: f64) -> Verdict {
        let waits = [(POLLING, polling), (PUSH, &[0.001, 0.002, 0.003][..])];
        let bytes = [(ONE_QUESTION, &[question][..]), (ONE_PUSH, &[news])];
        let charts = [
            made_up(WAIT, Unit::Seconds, &waits),
            made_up(BYTES, Unit::Bytes, &bytes),
        ];
        judge(&charts).expect("a verdict")
    }

    #[test]
    fn holds_where_news_come_sooner_and_cost_less() {
        let slow = &[0.9, 1.0, 1.1];
        assert!(verdict(slow, 200.0, 40.0).holds);
        assert!(!verdict(&[0.0001, 0.0002, 0.0003], 200.0, 40.0).holds);
        assert!(!verdict(slow, 40.0, 200.0).holds);
        let found = verdict(slow, 200.0, 40.0).found;
        assert!(found.contains("5\u{a0}vezes menos"), "{found}");
    }
}
