//! Every message that the broker has confirmed is consumed, whatever dies.

use std::collections::HashMap;
use std::thread;
use std::time::{Duration, Instant};

use testkit::{DEADLINE, PATIENCE, Program, RabbitMq, lesson};

fn consumer(url: &str) -> Program {
    Program::start(lesson("rabbitmq_consumer").arg(url))
}

/// A producer of this many messages; some of them are confirmed, others not.
fn producer(url: &str, prefix: &str, count: usize) -> Program {
    let messages = (0..count).map(|number| format!("{prefix}{number}"));
    let producer =
        Program::start(lesson("rabbitmq_producer").arg(url).args(messages));
    producer.wait_for("Enviada: ");
    producer
}

/// Asserts that a producer has had every message confirmed, in the end.
fn assert_confirmed(producer: Program, count: usize) {
    let finished = producer.finish_within(4 * DEADLINE);
    assert!(finished.status.success(), "{finished:?}");
    assert_eq!(finished.stdout.matches("Enviada: ").count(), count);
}

/// How often each message came for the first time, and as one that had been
/// delivered before.
type Receipts = HashMap<String, (usize, usize)>;

/// Two consumers, of which one is killed whenever it has just received
/// something; what the dead ones had printed is kept.
struct Consumers {
    url: String,
    steady: Program,
    victim: Program,
    dead: String,
    deaths: usize,
}

impl Consumers {
    fn start(url: &str) -> Consumers {
        Consumers {
            url: url.to_string(),
            steady: consumer(url),
            victim: consumer(url),
            dead: String::new(),
            deaths: 0,
        }
    }

    fn kill_one(&mut self) {
        if self.victim.output().contains("Recebida") {
            self.victim.kill();
            self.dead += &self.victim.output();
            self.deaths += 1;
            self.victim = consumer(&self.url);
        }
    }

    fn receipts(&self) -> Receipts {
        let mut receipts = Receipts::new();
        let living = [self.steady.output(), self.victim.output()];
        for line in living
            .iter()
            .flat_map(|o| o.lines())
            .chain(self.dead.lines())
        {
            if let Some(message) = line.strip_prefix("Recebida: ") {
                receipts.entry(message.to_string()).or_default().0 += 1;
            }
            if let Some(message) = line.strip_prefix("Recebida outra vez: ") {
                receipts.entry(message.to_string()).or_default().1 += 1;
            }
        }
        receipts
    }

    /// Kills one again and again until this many messages have been received.
    fn consume(&mut self, expected: usize) {
        let start = Instant::now();
        loop {
            let count = self.receipts().len();
            if count >= expected {
                return;
            }
            assert!(
                start.elapsed() < 4 * DEADLINE,
                "only {count} of {expected}; {}",
                self.steady.errors()
            );
            self.kill_one();
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Asserts that they have confirmed everything: nothing is left for
    /// another one.
    fn assert_nothing_left(self) {
        for mut consumer in [self.steady, self.victim] {
            let start = Instant::now();
            while is_at_work(&consumer) {
                assert!(
                    start.elapsed() < DEADLINE,
                    "it does not end its work: {:?}\n{}",
                    consumer.output().lines().last(),
                    consumer.errors()
                );
                thread::sleep(Duration::from_millis(10));
            }
            thread::sleep(PATIENCE);
            consumer.kill();
        }
        let another = consumer(&self.url);
        another.wait_for("À espera de mensagens");
        thread::sleep(PATIENCE);
        assert_eq!(another.output().lines().count(), 1);
    }
}

/// Whether it is not connected yet, or has received what it has not done.
fn is_at_work(consumer: &Program) -> bool {
    let output = consumer.output();
    let last = output.lines().last().unwrap_or("Recebida");
    last.starts_with("Recebida")
}

#[test]
fn ten_thousand_messages_a_mortal_consumer_and_a_broker_that_restarts() {
    let mut broker = RabbitMq::start();
    let url = broker.url();
    let mut consumers = Consumers::start(&url);
    assert_confirmed(producer(&url, "a", 5000), 5000);
    consumers.consume(2000);

    let second = producer(&url, "b", 5000);
    broker.stop_node(0);
    broker.start_node(0);
    consumers.consume(10_000);
    assert_confirmed(second, 5000);

    // What a dead consumer had in hand came again, and said so.
    let receipts = consumers.receipts();
    assert!(consumers.deaths > 0);
    assert!(receipts.values().any(|(_, again)| *again > 0));
    // The first producer had no reason to send anything twice.
    for (message, (new, again)) in &receipts {
        let twice = message.starts_with('a') && *new > 1;
        assert!(!twice, "{message}: {new} times, and {again} times again");
    }
    consumers.assert_nothing_left();
}

/// Each program knows all three nodes, and is connected to the one that dies.
#[test]
fn a_cluster_of_which_one_node_dies() {
    let mut cluster = RabbitMq::start_cluster();
    let urls = cluster.urls();
    let mut consumers = Consumers::start(&urls);
    assert_confirmed(producer(&urls, "a", 500), 500);
    consumers.consume(200);

    let second = producer(&urls, "b", 2000);
    cluster.kill_node(0);
    consumers.consume(2500);
    assert_confirmed(second, 2000);
    let complaint = "Não foi possível receber de amqp://";
    consumers.steady.wait_for_error(complaint);
    consumers.assert_nothing_left();
}
