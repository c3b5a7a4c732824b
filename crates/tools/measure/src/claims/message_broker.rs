//! What RabbitMQ's guarantees cost, and what more consumers bring.

use std::time::{Duration, Instant};

use crate::bench::Bench;
use crate::claim::Claim;
use crate::fallible::Fallible;
use crate::finding::{Chart, Kind, Measurement, Verdict, figure};
use crate::load::amqp::{Consumption, Publisher, Publishing, consume};
use crate::load::in_python;
use crate::servers::output_of;
use crate::statistics::{Sample, Unit, times};

pub const CLAIM: Claim = Claim {
    number: 7,
    slide: "Padrão: Message Broker (RabbitMQ)",
    statement: "As filas podem guardar as mensagens em disco, e vários \
                consumidores podem repartir o trabalho de uma fila.",
    crates: &["rabbitmq_producer"],
    seconds: 20,
    measure,
    judge,
};

/// The charts by which the claim is judged.
const PUBLISHED: &str = "Mensagens publicadas por segundo";
const DONE: &str = "Tarefas feitas por segundo";

/// The rows of the first one that the verdict tells.
const PLAIN: &str = "Sem confirmação";
const CONFIRMED: &str = "Confirmadas";
const ON_DISK: &str = "Em disco, confirmadas";
const ONE_BY_ONE: &str = "Confirmadas uma a uma";

/// How many consumers share the jobs.
const CONSUMERS: [usize; 3] = [1, 2, 4];

const PAYLOAD: &[u8] = b"21.57";

/// It goes when a round ends.
const QUEUE: &str = "leitura";

/// How many messages may wait for their confirmation.
const WINDOW: usize = 1000;

const PUBLISHING_ROUNDS: usize = 5;
const CONSUMING_ROUNDS: usize = 3;

/// How long each job takes its consumer, and how many jobs there are.
const WORK: Duration = Duration::from_millis(5);
const JOBS: usize = 100;

/// A way of publishing.
struct Way {
    label: &'static str,
    publisher: PublishedBy,
    /// How many messages a round has.
    messages: u32,
}

enum PublishedBy {
    /// This tool.
    Tool(Publishing),
    /// The lesson, with the messages as its arguments.
    Lesson,
    /// What `amqp_publishing.py` is told.
    Python(&'static str),
}

fn ways(with_python: bool) -> Vec<Way> {
    let ours = |label, how, messages| Way {
        label,
        publisher: PublishedBy::Tool(how),
        messages,
    };
    let python = |label, how, messages| Way {
        label,
        publisher: PublishedBy::Python(how),
        messages,
    };
    let mut ways = vec![
        ours(PLAIN, Publishing::Plain, 10_000),
        ours(CONFIRMED, Publishing::Confirmed(WINDOW), 10_000),
        ours(ON_DISK, Publishing::Persistent(WINDOW), 10_000),
        ours(ONE_BY_ONE, Publishing::Confirmed(1), 1000),
        Way {
            label: "Em disco, uma a uma, com rabbitmq_producer",
            publisher: PublishedBy::Lesson,
            messages: 500,
        },
    ];
    if with_python {
        ways.push(python("Sem confirmação, em Python", "plain", 5000));
        ways.push(python("Uma a uma, em Python", "confirmed", 300));
    }
    ways
}

fn measure(bench: &mut Bench) -> Fallible<Measurement> {
    bench.progress.step("a iniciar o RabbitMQ");
    let url = bench.rabbitmq()?.url();

    let mut ways = ways(bench.python.is_some());
    let rates = bench.interleave(
        PUBLISHING_ROUNDS,
        &mut ways,
        |way| way.label.into(),
        |bench, way| publish(bench, &url, way),
    )?;
    let mut publishing = Chart::new(PUBLISHED, Unit::PerSecond);
    for (way, rates) in ways.iter().zip(rates) {
        let kind = match way.publisher {
            PublishedBy::Tool(_) | PublishedBy::Lesson => Kind::Lesson,
            PublishedBy::Python(_) => Kind::Python,
        };
        publishing.row(kind, way.label, Sample::of(rates));
    }

    let mut consumers = CONSUMERS;
    let rounds = bench.interleave(
        CONSUMING_ROUNDS,
        &mut consumers,
        |consumers| label(*consumers),
        |_, consumers| consume(&url, *consumers, JOBS, WORK),
    )?;
    let mut consuming = Chart::new(DONE, Unit::PerSecond);
    for (consumers, rounds) in CONSUMERS.into_iter().zip(rounds) {
        let rate =
            |round: &Consumption| JOBS as f64 / round.elapsed.as_secs_f64();
        let rates = Sample::of(rounds.iter().map(rate));
        let shares = || rounds.iter().flat_map(|round| &round.shares);
        let row = consuming.row(Kind::Lesson, label(consumers), rates);
        if let (Some(least), Some(most)) = (shares().min(), shares().max())
            && consumers > 1
        {
            row.detail = format!("cada um de {least} a {most} de {JOBS}");
        }
    }

    Ok(Measurement {
        charts: vec![publishing, consuming],
        notes: notes(),
    })
}

fn label(consumers: usize) -> String {
    match consumers {
        1 => "1 consumidor".into(),
        more => format!("{more} consumidores"),
    }
}

fn judge(charts: &[Chart]) -> Fallible<Verdict> {
    let done = |consumers| figure(charts, DONE, &label(consumers));
    let [one, two, four] = CONSUMERS;
    let (one, two, four) = (done(one)?, done(two)?, done(four)?);
    let published = |way| {
        let rate = figure(charts, PUBLISHED, way)?;
        Fallible::Ok(Unit::Count.text(rate.median))
    };
    Ok(Verdict {
        holds: one.high < two.low && two.high < four.low,
        found: format!(
            "dois consumidores fizeram {} o trabalho de um, e quatro {}. Num \
             segundo publicaram-se {} mensagens guardadas em disco, {} em \
             memória, {} sem confirmação e, à espera da confirmação de cada \
             uma, {}.",
            times(two.median, one.median),
            times(four.median, one.median),
            published(ON_DISK)?,
            published(CONFIRMED)?,
            published(PLAIN)?,
            published(ONE_BY_ONE)?,
        ),
    })
}

fn notes() -> Vec<String> {
    vec![
        "O RabbitMQ é o que just rabbitmq inicia, com portas e pasta \
         próprias. As filas em disco são do tipo quorum, como as das lições; \
         as outras são clássicas e ficam em memória."
            .into(),
        format!(
            "Confirmadas: até {WINDOW} à espera da confirmação. Sem confirmação, a medida acaba quando a fila diz que tem \
             todas as mensagens."
        ),
        "rabbitmq_producer espera pela confirmação de cada uma, e conta desde \
         que arranca até que termina. Em Python \
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
    let seconds = match (&way.publisher, &bench.python) {
        (PublishedBy::Python(how), Some(python)) => {
            let count = messages.to_string();
            in_python::seconds(python, "amqp_publishing", &[url, how, &count])?
        }
        (PublishedBy::Python(_), None) => return Err("não há Python".into()),
        (PublishedBy::Lesson, _) => {
            publish_with_the_lesson(bench, url, messages)?
        }
        (PublishedBy::Tool(how), _) => {
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
    let payload = str::from_utf8(PAYLOAD)?;
    let mut command = bench.command("rabbitmq_producer")?;
    command.arg(url);
    command.args((0..messages).map(|_| payload));
    let start = Instant::now();
    output_of("rabbitmq_producer", command)?;
    Ok(start.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::made_up;

    fn verdict(done: [&[f64]; 3]) -> Verdict {
        let labels = CONSUMERS.map(label);
        let rows: Vec<(&str, &[f64])> =
            labels.iter().map(String::as_str).zip(done).collect();
        let published = [PLAIN, CONFIRMED, ON_DISK, ONE_BY_ONE];
        let published = published.map(|way| (way, &[5000.0][..]));
        let charts = [
            made_up(PUBLISHED, Unit::PerSecond, &published),
            made_up(DONE, Unit::PerSecond, &rows),
        ];
        judge(&charts).expect("a verdict")
    }

    #[test]
    fn holds_where_each_more_consumers_do_more() {
        let (one, two) = (&[150.0, 155.0, 160.0], &[300.0, 310.0, 320.0]);
        let four = &[600.0, 620.0, 640.0];
        let all = verdict([one, two, four]);
        assert!(all.holds);
        assert!(
            all.found
                .contains("2\u{a0}vezes o trabalho de um, e quatro 4"),
            "{}",
            all.found
        );
        assert!(!verdict([one, one, four]).holds);
        assert!(!verdict([two, one, four]).holds);
        assert!(!verdict([one, four, two]).holds);
    }
}
