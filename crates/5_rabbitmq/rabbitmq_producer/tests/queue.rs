//! The producer, against a RabbitMQ of the tests' own.

use std::io::Write;
use std::net::TcpListener;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use testkit::{DEADLINE, Program, RabbitMq, lesson, peer, unused_address};

fn producer(url: &str, messages: &[&str]) -> Program {
    Program::start(lesson("rabbitmq_producer").arg(url).args(messages))
}

#[test]
fn console_block() {
    let port = RabbitMq::shared().port();
    testkit::run_console_blocks_beside(&[(5672, port)]);
}

#[test]
fn pika_receives_persistent_messages() {
    let url = RabbitMq::shared().private_url();
    let finished = producer(&url, &["um", "amqp://não", "", "três"]).finish();
    assert!(finished.status.success(), "{finished:?}");
    assert_eq!(
        finished.stdout,
        "Enviada: um\nEnviada: amqp://não\nEnviada: \nEnviada: três\n"
    );
    assert_eq!(finished.stderr, "");
    let own = producer(&url, &[]).finish();
    assert!(own.status.success(), "{own:?}");
    assert_eq!(own.stdout, "Enviada: regar a horta.\n");

    let pika = Program::start(peer("rabbitmq_consumer.py").arg(&url));
    assert_eq!(
        pika.wait_for_lines(5),
        [
            "Recebida: b'um' modo 2",
            "Recebida: b'amqp://n\\xc3\\xa3o' modo 2",
            "Recebida: b'' modo 2",
            "Recebida: b'tr\\xc3\\xaas' modo 2",
            "Recebida: b'regar a horta.' modo 2",
        ]
    );
}

/// It waits for the broker; nothing is told as sent before it is, and the
/// queue outlives the broker.
#[test]
fn the_broker_comes_later() {
    let mut broker = RabbitMq::start();
    let url = broker.url();
    assert!(producer(&url, &["antes"]).finish().status.success());
    broker.stop_node(0);
    let waiting = producer(&url, &["durante"]);
    waiting.wait_for_error(&format!(
        "Não foi possível enviar por {url} (IO error: Connection refused"
    ));
    waiting.wait_for_error(
        "). A tentar de novo. Se falta o broker, noutro terminal: just \
         rabbitmq\n",
    );
    assert_eq!(waiting.output(), "");
    broker.start_node(0);
    let finished = waiting.finish();
    assert!(finished.status.success(), "{finished:?}");
    assert_eq!(finished.stdout, "Enviada: durante\n");

    let consumer = Program::start(lesson("rabbitmq_consumer").arg(url));
    let lines = consumer.wait_for_lines(5);
    assert_eq!(lines[2], "Feita: antes");
    assert_eq!(lines[4], "Feita: durante");
}

/// The queue is deleted between two messages: it says so, declares the queue
/// again and sends the message again.
#[cfg(unix)]
#[test]
fn a_message_without_a_queue_is_told_and_sent_again() {
    let url = RabbitMq::shared().private_url();
    let messages = vec!["m"; 50_000];
    let producer = producer(&url, &messages);
    producer.wait_for("Enviada: m\n");
    signal(&producer, "-STOP");
    let delete = Program::start(
        peer("rabbitmq_queue.py").args([url.as_str(), "delete"]),
    );
    assert!(delete.finish().status.success());
    signal(&producer, "-CONT");
    producer.wait_for_error(" (recusada ou devolvida: m). A tentar de novo.");
    let sent = producer.output().len();
    let start = Instant::now();
    while producer.output().len() <= sent {
        assert!(start.elapsed() < DEADLINE, "{}", producer.errors());
        thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(unix)]
fn signal(program: &Program, name: &str) {
    let id = program.id().to_string();
    let kill = Command::new("kill").args([name, &id]).status();
    assert!(kill.expect("start kill").success());
}

#[cfg(unix)]
#[test]
fn ctrl_c_while_there_is_no_broker() {
    let (nobody, _streams) = unused_address();
    let mut waiting = producer(&format!("amqp://{nobody}"), &["um"]);
    waiting.wait_for_error("A tentar de novo");
    waiting.interrupt();
    let finished = waiting.finish_within(Duration::from_secs(2));
    assert!(!finished.status.success(), "{finished:?}");
    assert_eq!(finished.stdout, "");
}

/// The first address that answers does.
#[test]
fn several_addresses() {
    let url = RabbitMq::shared().private_url();
    let (nobody, _streams) = unused_address();
    let urls = format!("amqp://{nobody},{url}");
    let finished = producer(&urls, &["um"]).finish();
    assert!(finished.status.success(), "{finished:?}");
    assert_eq!(finished.stdout, "Enviada: um\n");
    assert!(finished.stderr.contains(&format!("amqp://{nobody} (")));
}

#[test]
fn what_is_wrong_is_told() {
    let url = RabbitMq::shared().private_url();
    let declare = Program::start(
        peer("rabbitmq_queue.py").args([url.as_str(), "classic"]),
    );
    assert!(declare.finish().status.success());
    for (wrong, reason) in [
        (url.clone(), "PRECONDITION_FAILED"),
        (url.replace("guest:guest", "guest:outra"), "ACCESS_REFUSED"),
        (url.replace("/test", "/nada"), "vhost"),
        ("amqp://".to_string(), "("),
    ] {
        let producer = producer(&wrong, &["um"]);
        producer
            .wait_for_error(&format!("Não foi possível enviar por {wrong} ("));
        producer.wait_for_error(reason);
        assert_eq!(producer.output(), "");
    }
}

/// Servers that are no RabbitMQ: one that speaks HTTP, one that says nothing.
#[test]
fn another_server() {
    for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", ""] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
        let address = listener.local_addr().expect("an address");
        let producer = producer(&format!("amqp://{address}"), &["um"]);
        let (mut stream, _) = listener.accept().expect("accept");
        stream.write_all(answer.as_bytes()).expect("answer");
        producer.wait_for_error(&format!(
            "Não foi possível enviar por amqp://{address} ("
        ));
    }
}
