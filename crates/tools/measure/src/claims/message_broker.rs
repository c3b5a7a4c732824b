//! What RabbitMQ's guarantees cost, and what more consumers bring.

use std::io::{self, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::bench::Bench;
use crate::claim::{Chart, Claim, Fallible, Finding, Kind};
use crate::load::amqp::{Consumption, Publisher, Publishing, consume};
use crate::load::in_python;
use crate::statistics::{Measure, Unit, times};

pub const CLAIM: Claim = Claim {
    number: 7,
    slide: "Padrão: Message Broker (RabbitMQ)",
    statement: "As filas podem guardar as mensagens em disco, e vários \
                consumidores podem repartir o trabalho de uma fila.",
    crates: &["rabbitmq_producer"],
    seconds: 20,
    run,
};

const PAYLOAD: &[u8] = b"21.57";

/// It goes when a run ends.
const QUEUE: &str = "leitura";

/// How many messages may wait for their confirmation: the lesson's number.
const WINDOW: usize = 1000;

const PUBLISHING_ROUNDS: usize = 5;
const CONSUMING_ROUNDS: usize = 3;

/// How long each job takes its consumer, and how many jobs there are.
const WORK: Duration = Duration::from_millis(5);
const JOBS: usize = 100;

/// A way of publishing.
struct Way {
    label: &'static str,
    load: Load,
    /// How many messages a run has.
    messages: u32,
}

enum Load {
    Ours(Publishing),
    /// The lesson, with a message a line on its input.
    Lesson,
    /// What `amqp_publishing.py` is told.
    Python(&'static str),
}

/// The places of the first ones in [`ways`].
const PLAIN: usize = 0;
const CONFIRMED: usize = 1;
const ON_DISK: usize = 2;
const ONE_BY_ONE: usize = 3;

fn ways(with_python: bool) -> Vec<Way> {
    let ours = |label, how, messages| Way {
        label,
        load: Load::Ours(how),
        messages,
    };
    let python = |label, how, messages| Way {
        label,
        load: Load::Python(how),
        messages,
    };
    let mut ways = vec![
        ours("Sem confirmação", Publishing::Plain, 10_000),
        ours("Confirmadas", Publishing::Confirmed(WINDOW), 10_000),
        ours(
            "Em disco, confirmadas",
            Publishing::Persistent(WINDOW),
            10_000,
        ),
        ours("Confirmadas uma a uma", Publishing::Confirmed(1), 1000),
        Way {
            label: "Em disco, com rabbitmq_producer",
            load: Load::Lesson,
            messages: 10_000,
        },
    ];
    if with_python {
        ways.push(python("Sem confirmação, em Python", "plain", 5000));
        ways.push(python("Uma a uma, em Python", "confirmed", 300));
    }
    ways
}

fn run(bench: &mut Bench) -> Fallible<Finding> {
    bench.progress.step("a iniciar o RabbitMQ");
    let url = bench.rabbitmq()?.url();

    let mut ways = ways(bench.python.is_some());
    let rates = bench.interleave(
        PUBLISHING_ROUNDS,
        &mut ways,
        |way| way.label.into(),
        |bench, way| publish(bench, &url, way),
    )?;
    let mut publishing =
        Chart::new("Mensagens publicadas por segundo", Unit::PerSecond);
    for (way, rates) in ways.iter().zip(rates) {
        let kind = match way.load {
            Load::Ours(_) | Load::Lesson => Kind::Lesson,
            Load::Python(_) => Kind::Python,
        };
        publishing.row(kind, way.label, Measure::of(rates));
    }

    let name = |consumers: &usize| match consumers {
        1 => "1 consumidor".to_string(),
        more => format!("{more} consumidores"),
    };
    let mut numbers = [1, 2, 4];
    let runs = bench.interleave(
        CONSUMING_ROUNDS,
        &mut numbers,
        name,
        |_, consumers| consume(&url, *consumers, JOBS, WORK),
    )?;
    let mut consuming =
        Chart::new("Tarefas feitas por segundo", Unit::PerSecond);
    for (consumers, runs) in numbers.iter().zip(runs) {
        let rate = |run: &Consumption| JOBS as f64 / run.elapsed.as_secs_f64();
        let rates = Measure::of(runs.iter().map(rate));
        let shares = || runs.iter().flat_map(|run| &run.shares);
        let row = consuming.row(Kind::Lesson, name(consumers), rates);
        if let (Some(least), Some(most)) = (shares().min(), shares().max())
            && *consumers > 1
        {
            row.detail = format!("cada um de {least} a {most} de {JOBS}");
        }
    }

    let published = |row: usize| publishing.rows[row].value.median;
    let done = |row: usize| consuming.rows[row].value.median;
    let found = format!(
        "dois consumidores fizeram {} o trabalho de um, e quatro {}. Num \
         segundo publicaram-se {} mensagens guardadas em disco, {} em memória, \
         {} sem confirmação e, à espera da confirmação de cada uma, {}.",
        times(done(1), done(0)),
        times(done(2), done(0)),
        Unit::Count.text(published(ON_DISK)),
        Unit::Count.text(published(CONFIRMED)),
        Unit::Count.text(published(PLAIN)),
        Unit::Count.text(published(ONE_BY_ONE)),
    );
    Ok(Finding {
        holds: consuming
            .rows
            .windows(2)
            .all(|pair| pair[0].value.high < pair[1].value.low),
        found,
        charts: vec![publishing, consuming],
        notes: notes(),
    })
}

fn notes() -> Vec<String> {
    vec![
        "O RabbitMQ é o que just rabbitmq inicia, com portas e pasta \
         próprias. As filas em disco são do tipo quorum, como as das lições; \
         as outras são clássicas e ficam em memória."
            .into(),
        format!(
            "Confirmadas: até {WINDOW} à espera da confirmação, como na \
             lição. Sem confirmação, a medida acaba quando a fila diz que tem \
             todas as mensagens."
        ),
        "rabbitmq_producer conta desde que arranca até que termina. Em Python \
         publica a biblioteca pika."
            .into(),
        format!(
            "Cada tarefa ocupa o seu consumidor {} ms, e cada um recebe uma \
             de cada vez, com a sua ligação: o que se mede é a repartição, e \
             não a máquina.",
            WORK.as_millis()
        ),
    ]
}

/// Messages published in a second.
fn publish(bench: &mut Bench, url: &str, way: &Way) -> Fallible<f64> {
    let messages = if bench.quick {
        way.messages / 10
    } else {
        way.messages
    };
    let seconds = match (&way.load, &bench.python) {
        (Load::Python(how), Some(python)) => {
            let count = messages.to_string();
            in_python::run(python, "amqp_publishing", &[url, how, &count])?
        }
        (Load::Python(_), None) => return Err("não há Python".into()),
        (Load::Lesson, _) => publish_with_the_lesson(bench, url, messages)?,
        (Load::Ours(how), _) => {
            let mut publisher = Publisher::connect(url, QUEUE, *how)?;
            publisher.publish(PAYLOAD, messages)?.as_secs_f64()
        }
    };
    Ok(f64::from(messages) / seconds)
}

/// From the program's start until it has ended: the broker has them all.
fn publish_with_the_lesson(
    bench: &Bench,
    url: &str,
    messages: u32,
) -> Fallible<f64> {
    let mut command = bench.command("rabbitmq_producer")?;
    let (input, mut lines) = io::pipe()?;
    let start = Instant::now();
    let mut producer = command
        .arg(url)
        .stdin(input)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    drop(command); // and with it this process's copy of the input
    let text = [PAYLOAD, b"\n"].concat().repeat(messages as usize);
    let written = lines.write_all(&text);
    drop(lines);
    let ended = producer.wait()?;
    let elapsed = start.elapsed();
    written?;
    if !ended.success() {
        return Err("rabbitmq_producer falhou".into());
    }
    Ok(elapsed.as_secs_f64())
}
