//! The producer, against a RabbitMQ of the tests' own.

use std::io::Write;
use std::net::TcpListener;
use std::thread;

use testkit::{Program, RabbitMq, lesson, peer, unused_address};

fn producer(url: &str, messages: &[&str]) -> Program {
    Program::start(lesson("rabbitmq_producer").arg(url).args(messages))
}

#[test]
fn console_blocks() {
    let port = RabbitMq::shared().port();
    testkit::run_console_blocks_beside(&[(5672, port)]);
}

/// Bytes that are not text, an empty line and a line of Windows too.
#[test]
fn pika_receives_persistent_messages() {
    let url = RabbitMq::shared().private_url();
    let finished = producer(&url, &["um", "amqp://não", "três"]).finish();
    assert!(finished.status.success(), "{finished:?}");
    assert_eq!(
        finished.stdout,
        "Enviada: um\nEnviada: amqp://não\nEnviada: três\n"
    );

    let mut typing = producer(&url, &[]);
    typing.type_line("quatro\r");
    typing.type_line("");
    typing.type_bytes(b"\xff\xfe");
    typing.end_input();
    let finished = typing.finish();
    assert!(finished.status.success(), "{finished:?}");
    let sent = "Enviada: quatro\nEnviada: \nEnviada: \u{fffd}\u{fffd}\n";
    assert!(finished.stdout.ends_with(sent), "{finished:?}");

    let pika = Program::start(peer("rabbitmq_consumer.py").arg(&url));
    assert_eq!(
        pika.wait_for_lines(6),
        [
            "Recebida: b'um' modo 2",
            "Recebida: b'amqp://n\\xc3\\xa3o' modo 2",
            "Recebida: b'tr\\xc3\\xaas' modo 2",
            "Recebida: b'quatro' modo 2",
            "Recebida: b'' modo 2",
            "Recebida: b'\\xff\\xfe' modo 2",
        ]
    );
}

/// Not a line is lost, none is told as sent before it is, and the queue
/// outlives the broker.
#[test]
fn the_broker_stops_between_two_lines() {
    let mut broker = RabbitMq::start();
    let mut typing = producer(&broker.url(), &[]);
    typing.type_line("antes");
    typing.wait_for("Enviada: antes\n");
    broker.stop_node(0);
    typing.type_line("durante");
    typing.wait_for_error("Por confirmar: 1 (");
    typing.wait_for_error("Não foi possível ligar a amqp://");
    assert!(!typing.output().contains("durante"));
    broker.start_node(0);
    typing.wait_for("Enviada: durante\n");
    typing.end_input();
    assert!(typing.finish().status.success());

    let consumer =
        Program::start(lesson("rabbitmq_consumer").arg(broker.url()));
    let lines = consumer.wait_for_lines(5);
    assert_eq!(lines[2], "Feita: antes");
    assert_eq!(lines[4], "Feita: durante");
}

#[test]
fn a_message_without_a_queue_is_told_and_sent_again() {
    let url = RabbitMq::shared().private_url();
    let mut typing = producer(&url, &[]);
    typing.type_line("um");
    typing.wait_for("Enviada: um\n");
    let delete = Program::start(
        peer("rabbitmq_queue.py").args([url.as_str(), "delete"]),
    );
    assert!(delete.finish().status.success());
    typing.type_line("dois");
    typing.wait_for("Enviada: dois\n");
    assert_eq!(
        typing.errors(),
        "Por confirmar: 1 (devolvidas: não há fila «tarefas»). A tentar de \
         novo.\n"
    );
    typing.end_input();
    assert!(typing.finish().status.success());
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_at_the_prompt() {
    let mut typing = producer(&RabbitMq::shared().private_url(), &[]);
    typing.wait_for_lines(1);
    typing.interrupt();
    let finished = typing.finish();
    assert_eq!(finished.status.code(), Some(0), "{finished:?}");
    assert_eq!(finished.stderr, "");
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
}

#[test]
fn no_broker() {
    let (nobody, _streams) = unused_address();
    let url = format!("amqp://{nobody}");
    producer(&url, &["um"]).finish().assert_fails_with(&format!(
        "Não foi possível ligar a {url} (IO error: [..]). Inicie primeiro o \
         broker, noutro terminal: just rabbitmq"
    ));
    producer("amqp://", &["um"]).finish().assert_fails_with(
        "Não foi possível ligar a amqp:// ([..]). Inicie primeiro o broker, \
         noutro terminal: just rabbitmq",
    );
}

#[test]
fn wrong_password_and_wrong_virtual_host() {
    let url = RabbitMq::shared().private_url();
    for wrong in [
        url.replace("guest:guest", "guest:outra"),
        url.replace("/test", "/nada"),
    ] {
        producer(&wrong, &["um"])
            .finish()
            .assert_fails_with(&format!(
                "Não foi possível ligar a {wrong} (protocol error: [..]). \
                 Confirme no endereço o utilizador, a palavra-passe e o vhost."
            ));
    }
}

#[test]
fn a_queue_declared_otherwise() {
    let url = RabbitMq::shared().private_url();
    let declare = Program::start(
        peer("rabbitmq_queue.py").args([url.as_str(), "classic"]),
    );
    assert!(declare.finish().status.success());
    producer(&url, &["um"]).finish().assert_fails_with(
        "Não foi possível preparar a fila «tarefas» (protocol error: [..]). Se já \
 existe com outras opções, apague-a: http://127.0.0.1:15672/#/queues",
    );
}

/// Servers that are no RabbitMQ: one that speaks HTTP, one that says nothing.
#[test]
fn another_server() {
    for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", ""] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
        let address = listener.local_addr().expect("an address");
        let url = format!("amqp://{address}");
        let program = producer(&url, &["um"]);
        let finished = thread::scope(|scope| {
            scope.spawn(|| {
                let (mut stream, _) = listener.accept().expect("accept");
                stream.write_all(answer.as_bytes()).expect("answer");
                // Kept open until the client has had enough.
                let _ = std::io::copy(&mut stream, &mut std::io::sink());
            });
            program.finish()
        });
        finished.assert_fails_with(&format!(
            "Não foi possível ligar a {url} ([..]). Inicie primeiro o \
             broker, noutro terminal: just rabbitmq"
        ));
    }
}
