//! The producer to an exchange, against a RabbitMQ of the tests' own.

use testkit::{Program, RabbitMq, lesson, peer, unused_address};

fn producer(arguments: &[&str]) -> Program {
    Program::start(lesson("rabbitmq_routing_producer").args(arguments))
}

#[test]
fn console_block() {
    let port = RabbitMq::shared().port();
    testkit::run_console_blocks_beside(&[(5672, port)]);
}

#[test]
fn pika_receives() {
    let url = RabbitMq::shared().private_url();
    let pika = Program::start(peer("rabbitmq_routing_consumer.py").args([
        url.as_str(),
        "topic",
        "alarme.*.fogo",
    ]));
    pika.wait_for_lines(1);
    let finished =
        producer(&[&url, "topic", "alarme.sala.fogo", "três"]).finish();
    assert!(finished.status.success(), "{finished:?}");
    assert_eq!(pika.wait_for_lines(2)[1], "alarme.sala.fogo: três");
}

/// No queue at all, and no queue with this key.
#[test]
fn a_message_that_goes_nowhere() {
    let url = RabbitMq::shared().private_url();
    let returned = |kind, key| {
        producer(&[&url, kind, key, "olá"])
            .finish()
            .assert_fails_with(&format!(
                "Devolvida: nenhuma fila recebe de «aula.{kind}» a chave \
                 {key}. Inicie quem a receba: cargo run -p \
                 rabbitmq_routing_consumer"
            ));
    };
    returned("fanout", "erro");
    returned("direct", "erro");
    returned("topic", "erro");
    let consumer = Program::start(
        lesson("rabbitmq_routing_consumer").args([&url, "direct", "erro"]),
    );
    consumer.wait_for_lines(1);
    returned("direct", "aviso");
    returned("topic", "erro");
    let sent = producer(&[&url, "direct", "erro", "olá"]).finish();
    assert!(sent.status.success(), "{sent:?}");
    assert_eq!(consumer.wait_for_lines(2)[1], "erro: olá");
}

#[test]
fn wrong_arguments() {
    for arguments in [&[][..], &["topic", "a"], &["topic", "a", "b", "c"]] {
        producer(arguments).finish().assert_fails_with(
            "Diga o tipo da troca, a chave e a mensagem. Um exemplo: [..]",
        );
    }
}

/// One line with the reason, which is the broker's own where it has one.
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
    for (url, kind, key, reason) in [
        (&url, "banana", "a", "unknown exchange type 'banana'"),
        (&url, "direct", "erro", "PRECONDITION_FAILED"),
        (&url, "topic", &long, "255 bytes"),
        (&nobody, "topic", "a", "Connection refused"),
    ] {
        producer(&[url, kind, key, "olá"])
            .finish()
            .assert_fails_with(&format!(
                "Não foi possível enviar por {url} ([..]{reason}[..]). Se falta \
                 o broker, noutro terminal: just rabbitmq"
            ));
    }
}
