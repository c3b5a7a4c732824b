//! The consumer, against a RabbitMQ of the tests' own.

use std::time::Duration;

use testkit::{Program, RabbitMq, lesson, peer, unused_address};

fn consumer(url: &str) -> Program {
    let consumer = Program::start(lesson("rabbitmq_consumer").arg(url));
    consumer.wait_for("À espera de mensagens da fila «tarefas»\n");
    consumer
}

fn send(url: &str, messages: &[&str]) {
    let producer =
        Program::start(lesson("rabbitmq_producer").arg(url).args(messages));
    let finished = producer.finish();
    assert!(finished.status.success(), "{finished:?}");
}

#[test]
fn console_block() {
    let port = RabbitMq::shared().port();
    testkit::run_console_blocks_beside(&[(5672, port)]);
}

#[test]
fn receives_from_pika() {
    let url = RabbitMq::shared().private_url();
    let pika = Program::start(peer("rabbitmq_producer.py").args([
        url.as_str(),
        "um",
        "três",
    ]));
    assert!(pika.finish().status.success());
    assert_eq!(
        consumer(&url).wait_for_lines(5)[1..],
        ["Recebida: um", "Feita: um", "Recebida: três", "Feita: três"]
    );
}

/// One has a long task; meanwhile the other one does all the short ones.
#[test]
fn two_consumers_share_by_speed() {
    let url = RabbitMq::shared().private_url();
    let consumers = [consumer(&url), consumer(&url)];
    send(
        &url,
        &["longa....", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    );
    let busy = |consumer: &&Program| consumer.output().contains("longa");
    // Both have had something to do when the last short one is done.
    while !consumers.iter().any(|c| c.output().contains("Feita: 9\n")) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let slow = consumers.iter().find(busy).expect("one has it");
    let quick = consumers.iter().find(|c| !busy(c)).expect("one has not");
    assert!(!slow.output().contains("Feita"), "{}", slow.output());
    assert_eq!(quick.output().matches("Feita").count(), 9);
    slow.wait_for("Feita: longa....\n");
    assert_eq!(slow.output().matches("Recebida").count(), 1);
}

#[test]
fn killed_in_the_middle() {
    let url = RabbitMq::shared().private_url();
    let mut first = consumer(&url);
    send(&url, &["longa.................................", "curta"]);
    first.wait_for("Recebida: longa");
    let second = consumer(&url);
    second.wait_for("Feita: curta\n");
    first.kill();
    second.wait_for("Recebida outra vez: longa");
    assert!(!second.output().contains("outra vez: curta"));
}

/// The message in hand is finished; the next one has not been touched.
#[cfg(unix)]
#[test]
fn ctrl_c_finishes_the_message_in_hand() {
    let url = RabbitMq::shared().private_url();
    let mut first = consumer(&url);
    send(&url, &["primeira..", "segunda"]);
    first.wait_for("Recebida: primeira..\n");
    first.interrupt();
    let finished = first.finish();
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
    assert_eq!(finished.stderr, "");
    assert!(finished.stdout.ends_with("\nFeita: primeira..\n"));
    assert_eq!(
        consumer(&url).wait_for_lines(3)[1..],
        ["Recebida: segunda", "Feita: segunda"]
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_while_it_waits() {
    let mut consumer = consumer(&RabbitMq::shared().private_url());
    consumer.interrupt();
    let finished = consumer.finish_within(Duration::from_secs(5));
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
    assert_eq!(finished.stderr, "");
}

/// It says so and goes on; and Ctrl-C ends it while there is no broker.
#[test]
fn the_broker_stops_and_comes_back() {
    let mut broker = RabbitMq::start();
    let url = broker.url();
    let mut consumer = consumer(&url);
    send(&url, &["antes"]);
    consumer.wait_for("Feita: antes\n");
    broker.stop_node(0);
    consumer.wait_for_error("Ligação perdida (");
    consumer.wait_for_error("Não foi possível ligar a amqp://");
    broker.start_node(0);
    send(&url, &["depois"]);
    consumer.wait_for("Feita: depois\n");
    assert_eq!(consumer.output().matches("À espera").count(), 2);

    if cfg!(unix) {
        broker.kill_node(0);
        let lost = || consumer.errors().matches("Ligação perdida (").count();
        while lost() < 2 {
            std::thread::sleep(Duration::from_millis(10));
        }
        consumer.interrupt();
        let finished = consumer.finish_within(Duration::from_secs(5));
        assert_eq!(finished.status.code(), Some(0), "{finished:?}");
    }
}

#[test]
fn the_queue_is_deleted() {
    let url = RabbitMq::shared().private_url();
    let consumer = consumer(&url);
    let delete = Program::start(
        peer("rabbitmq_queue.py").args([url.as_str(), "delete"]),
    );
    assert!(delete.finish().status.success());
    consumer.wait_for_error("Ligação perdida (a fila foi apagada)");
    send(&url, &["nova"]);
    consumer.wait_for("Feita: nova\n");
}

#[test]
fn nothing_to_connect_to() {
    let (nobody, _streams) = unused_address();
    for url in [format!("amqp://{nobody}"), "banana".to_string()] {
        Program::start(lesson("rabbitmq_consumer").arg(&url))
            .finish()
            .assert_fails_with(&format!(
                "Não foi possível ligar a {url} ([..]). Inicie primeiro o \
                 broker, noutro terminal: just rabbitmq"
            ));
    }
    let wrong = RabbitMq::shared().url().replace("guest:guest", "guest:x");
    Program::start(lesson("rabbitmq_consumer").arg(&wrong))
        .finish()
        .assert_fails_with(&format!(
            "Não foi possível ligar a {wrong} (protocol error: [..]). Confirme \
             no endereço o utilizador, a palavra-passe e o vhost."
        ));
}

#[test]
fn a_queue_declared_otherwise() {
    let url = RabbitMq::shared().private_url();
    let declare = Program::start(
        peer("rabbitmq_queue.py").args([url.as_str(), "classic"]),
    );
    assert!(declare.finish().status.success());
    Program::start(lesson("rabbitmq_consumer").arg(&url))
        .finish()
        .assert_fails_with(
            "Não foi possível preparar a fila «tarefas» (protocol error: [..]). Se já \
 existe com outras opções, apague-a: http://127.0.0.1:15672/#/queues",
        );
}
