//! The consumer, against a RabbitMQ of the tests' own.

use std::io::{self, BufRead, BufReader};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use testkit::{DEADLINE, Program, RabbitMq, lesson, peer};

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
    let said = |text: &str| {
        let start = Instant::now();
        loop {
            let mut all = consumers.iter();
            if let Some(place) = all.position(|c| c.output().contains(text)) {
                break place;
            }
            assert!(start.elapsed() < DEADLINE, "nobody says «{text}»");
            thread::sleep(Duration::from_millis(10));
        }
    };
    // Both have had something to do when the last short one is done.
    let quick = &consumers[said("Feita: 9\n")];
    let slow = &consumers[said("Recebida: longa")];
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

/// Ctrl-C ends it like any other death: another one gets what it had in hand,
/// and what it had not touched.
#[cfg(unix)]
#[test]
fn ctrl_c_leaves_the_message_in_hand_to_another() {
    let url = RabbitMq::shared().private_url();
    let mut first = consumer(&url);
    send(&url, &["primeira.........................", "segunda"]);
    first.wait_for("Recebida: primeira");
    interrupt(&mut first);
    let second = consumer(&url);
    second.wait_for("Recebida outra vez: primeira");
    assert!(!second.output().contains("segunda"));
}

#[cfg(unix)]
#[test]
fn ctrl_c_while_it_waits() {
    interrupt(&mut consumer(&RabbitMq::shared().private_url()));
}

/// Ctrl-C ends a consumer at once, by the signal itself.
#[cfg(unix)]
fn interrupt(consumer: &mut Program) {
    consumer.interrupt();
    let start = Instant::now();
    while consumer.is_running() {
        assert!(start.elapsed() < Duration::from_secs(2), "it goes on");
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(consumer.errors(), "");
}

/// One that is connected and one that starts while there is no broker: both
/// say so and go on.
#[test]
fn the_broker_stops_and_comes_back() {
    let mut broker = RabbitMq::start();
    let url = broker.url();
    let first = consumer(&url);
    send(&url, &["antes"]);
    first.wait_for("Feita: antes\n");
    broker.stop_node(0);
    let second = Program::start(lesson("rabbitmq_consumer").arg(&url));
    for consumer in [&first, &second] {
        consumer.wait_for_error(&format!(
            "Não foi possível receber de {url} (IO error: Connection refused"
        ));
        consumer.wait_for_error(
            "). A tentar de novo. Se falta o broker, noutro terminal: just \
             rabbitmq\n",
        );
    }
    broker.start_node(0);
    second.wait_for("À espera");
    send(&url, &["depois", "e depois", "e depois"]);
    let start = Instant::now();
    let done = || {
        [&first, &second]
            .map(|consumer| consumer.output().matches("depois\n").count())
            .iter()
            .sum::<usize>()
    };
    // The second one may have done all before the first one is back.
    let back = || first.output().matches("À espera").count() == 2;
    while done() < 6 || !back() {
        assert!(start.elapsed() < DEADLINE, "{}", first.output());
        thread::sleep(Duration::from_millis(10));
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
    consumer.wait_for_error(" (a fila foi apagada). A tentar de novo.");
    send(&url, &["nova"]);
    consumer.wait_for("Feita: nova\n");
}

/// It says why, and keeps trying, but never more than once a second.
#[test]
fn what_is_wrong_is_told_again_and_again() {
    let url = RabbitMq::shared().private_url();
    let declare = Program::start(
        peer("rabbitmq_queue.py").args([url.as_str(), "classic"]),
    );
    assert!(declare.finish().status.success());
    for (wrong, reason) in [
        (url.clone(), "PRECONDITION_FAILED"),
        (url.replace("guest:guest", "guest:x"), "ACCESS_REFUSED"),
        (url.replace("/test", "/nada"), "vhost"),
        ("banana".to_string(), "URL"),
    ] {
        let start = Instant::now();
        let mut consumer =
            Program::start(lesson("rabbitmq_consumer").arg(&wrong));
        let beginning = format!("Não foi possível receber de {wrong} (");
        let told = || consumer.errors().matches(&beginning).count();
        while told() < 3 {
            assert!(start.elapsed() < DEADLINE, "{}", consumer.errors());
            thread::sleep(Duration::from_millis(10));
        }
        assert!(start.elapsed() > Duration::from_millis(1900), "{reason}");
        assert!(consumer.errors().contains(reason), "{}", consumer.errors());
        assert!(consumer.is_running());
    }
}

/// `| head -1`: a message that it cannot tell is left to another one.
#[test]
fn ends_when_it_can_no_longer_print() {
    let url = RabbitMq::shared().private_url();
    let (reader, output) = io::pipe().expect("make a pipe");
    let mut mute = lesson("rabbitmq_consumer")
        .arg(&url)
        .stdout(output)
        .stderr(Stdio::null())
        .spawn()
        .expect("start it");
    let mut line = String::new();
    let mut reader = BufReader::new(reader);
    reader.read_line(&mut line).expect("its first line");
    drop(reader);
    send(&url, &["olá"]);
    let start = Instant::now();
    while mute.try_wait().expect("its status").is_none() {
        if start.elapsed() > DEADLINE {
            mute.kill().expect("end it");
            panic!("it goes on, mute");
        }
        thread::sleep(Duration::from_millis(10));
    }
    consumer(&url).wait_for("Recebida outra vez: olá\n");
}
