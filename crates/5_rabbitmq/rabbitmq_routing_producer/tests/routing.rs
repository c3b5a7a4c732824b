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
    let long = "x".repeat(256);
    for (arguments, error) in [
        (&[][..], "Diga o tipo [..]"),
        (&["topic", "a"][..], "Diga o tipo [..]"),
        (&["headers", "a", "b"][..], "Diga o tipo [..]"),
        (&["topic", "a", "b", "c"][..], "Diga o tipo [..]"),
        (
            &["direct", &long, "olá"][..],
            "Uma chave não pode ter mais de 255 bytes.",
        ),
    ] {
        producer(arguments).finish().assert_fails_with(error);
    }
}

#[test]
fn nothing_to_connect_to() {
    let (nobody, _streams) = unused_address();
    let url = format!("amqp://{nobody}");
    producer(&[&url, "direct", "erro", "olá"])
        .finish()
        .assert_fails_with(&format!(
            "Não foi possível ligar a {url} (IO error: [..]). Inicie primeiro \
             o broker, noutro terminal: just rabbitmq"
        ));
}

/// An exchange of that name that is of another kind.
#[test]
fn an_exchange_declared_otherwise() {
    let url = RabbitMq::shared().private_url();
    let declare = Program::start(
        peer("rabbitmq_queue.py").args([url.as_str(), "exchange"]),
    );
    assert!(declare.finish().status.success());
    for name in ["rabbitmq_routing_producer", "rabbitmq_routing_consumer"] {
        let arguments = [url.as_str(), "direct", "erro", "olá"];
        Program::start(lesson(name).args(arguments))
            .finish()
            .assert_fails_with(
                "Não foi possível preparar a troca «aula.direct» (protocol error: \
 [..]). Se já existe com outras opções, apague-a: http://127.0.0.1:15672/#/exchanges",
            );
    }
}
