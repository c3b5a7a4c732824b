//! The consumer of an exchange, against a RabbitMQ of the tests' own.

use std::time::Duration;

use testkit::{Program, RabbitMq, lesson, peer, unused_address};

fn consumer(url: &str, arguments: &[&str]) -> Program {
    let consumer = Program::start(
        lesson("rabbitmq_routing_consumer").arg(url).args(arguments),
    );
    consumer.wait_for("À espera de mensagens da troca «aula.");
    consumer
}

fn send(url: &str, kind: &str, key: &str, text: &str) {
    let producer = Program::start(
        lesson("rabbitmq_routing_producer").args([url, kind, key, text]),
    );
    let finished = producer.finish();
    assert!(finished.status.success(), "{finished:?}");
    assert_eq!(
        finished.stdout,
        format!("Enviada para «aula.{kind}» com {key}: {text}\n")
    );
}

/// Sends a message with each key, and asserts which of them come to a queue
/// that is bound with these keys.
fn assert_routes(kind: &str, keys: &[&str], table: &[(&[&str], &[&str])]) {
    let url = RabbitMq::shared().private_url();
    let consumers: Vec<Program> = table
        .iter()
        .map(|(bindings, _)| {
            // All are bound to the key of the last message, too.
            let end: &[&str] = if kind == "fanout" { &[] } else { &["fim"] };
            consumer(&url, &[&[kind], *bindings, end].concat())
        })
        .collect();
    for key in keys.iter().chain(&["fim"]) {
        send(&url, kind, key, "olá");
    }
    for (consumer, (bindings, expected)) in consumers.iter().zip(table) {
        consumer.wait_for("fim: olá\n");
        let lines = consumer.wait_for_lines(1);
        let received: Vec<&str> = lines[1..]
            .iter()
            .filter_map(|line| line.strip_suffix(": olá"))
            .collect();
        let expected = [*expected, &["fim"]].concat();
        assert_eq!(received, expected, "{kind} {bindings:?}");
    }
}

#[test]
fn console_block() {
    let port = RabbitMq::shared().port();
    testkit::run_console_blocks_beside(&[(5672, port)]);
}

#[test]
fn direct() {
    assert_routes(
        "direct",
        &["erro", "aviso", "erro.disco"],
        &[
            (&["erro"], &["erro"]),
            (&["erro", "aviso"], &["erro", "aviso"]),
            (&["erro.disco"], &["erro.disco"]),
            (&["#", "*"], &[]),
        ],
    );
}

#[test]
fn topic() {
    let keys = [
        "alarme",
        "alarme.fogo",
        "alarme.cozinha.fogo",
        "alarme.cozinha.forno.fogo",
        "luz",
        "luz.cozinha.teto",
        "Alarme.cozinha.fogo",
    ];
    let all = &keys;
    assert_routes(
        "topic",
        &keys,
        &[
            (&["alarme.*.fogo"], &keys[2..3]),
            (&["alarme.#"], &keys[..4]),
            (&["alarme.#.fogo"], &keys[1..4]),
            (&["alarme"], &keys[..1]),
            (&["*"], &["alarme", "luz"]),
            (&["*.cozinha.*"], &[keys[2], keys[5], keys[6]]),
            // Two keys that both fit: one copy, not two.
            (&["luz.#", "luz.cozinha.*"], &keys[4..6]),
            (&["#"], all),
        ],
    );
}

#[test]
fn fanout() {
    let keys = ["erro", "", "alarme.cozinha.fogo"];
    assert_routes("fanout", &keys, &[(&[], &keys), (&[], &keys)]);
}

#[test]
fn receives_from_pika() {
    let url = RabbitMq::shared().private_url();
    let consumer = consumer(&url, &["topic", "alarme.*.fogo"]);
    let pika = Program::start(peer("rabbitmq_routing_producer.py").args([
        url.as_str(),
        "topic",
        "alarme.sala.fogo",
        "três",
    ]));
    assert!(pika.finish().status.success());
    assert_eq!(consumer.wait_for_lines(2)[1], "alarme.sala.fogo: três");
}

/// It says so, and binds its queue again.
#[test]
fn the_broker_stops_and_comes_back() {
    let mut broker = RabbitMq::start();
    let mut consumer = consumer(&broker.url(), &["direct", "erro"]);
    broker.stop_node(0);
    consumer.wait_for_error("(IO error: Connection refused");
    broker.start_node(0);
    consumer.wait_for_lines(2);
    send(&broker.url(), "direct", "erro", "disco cheio");
    consumer.wait_for("erro: disco cheio\n");

    if cfg!(unix) {
        broker.kill_node(0);
        consumer.interrupt();
        consumer.finish_within(Duration::from_secs(2));
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c() {
    let url = RabbitMq::shared().private_url();
    let mut consumer = consumer(&url, &["fanout"]);
    consumer.interrupt();
    let finished = consumer.finish_within(Duration::from_secs(2));
    assert_eq!(finished.stderr, "");
}

#[test]
fn no_arguments() {
    Program::start(&mut lesson("rabbitmq_routing_consumer"))
        .finish()
        .assert_fails_with("Diga o tipo e as chaves. Um exemplo: [..]");
}

/// The broker's own reason, and that it keeps trying.
#[test]
fn what_is_wrong_is_told() {
    let url = RabbitMq::shared().private_url();
    let declare = Program::start(
        peer("rabbitmq_queue.py").args([url.as_str(), "exchange"]),
    );
    assert!(declare.finish().status.success());
    let (nobody, _streams) = unused_address();
    let nobody = format!("amqp://{nobody}");
    let long = "x".repeat(256);
    for (url, arguments, reason) in [
        (&url, ["banana", "a"], "unknown exchange type"),
        (&url, ["direct", "erro"], "PRECONDITION_FAILED"),
        (&url, ["topic", &long], "255 bytes"),
        (&nobody, ["topic", "a"], "Connection refused"),
    ] {
        let mut consumer = Program::start(
            lesson("rabbitmq_routing_consumer").arg(url).args(arguments),
        );
        consumer.wait_for_error(&format!("receber de {url} ("));
        consumer.wait_for_error(reason);
        consumer.wait_for_error("A tentar de novo");
        assert!(consumer.is_running());
    }
}
