//! `just rabbitmq` and `just rabbitmq-cluster`, on other ports: ready, of use,
//! and nothing left.
#![cfg(unix)]

use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use programs::{Build, Folder, Port, Program, Target};

const DEADLINE: Duration = Duration::from_secs(30);

/// A broker takes its time where the machine is busy.
const START: Duration = Duration::from_secs(150);

/// Each has the machine for itself.
fn turn() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

fn rabbitmq(words: &[&str], port: u16, data: &Path) -> Program {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rabbitmq"));
    command.args(words).arg(format!("127.0.0.1:{port}"));
    command.arg("--data").arg(data);
    Program::start(&mut command).expect("start the program")
}

fn wait_for(program: &Program, says: &str, limit: Duration) {
    let found = program.stdout().wait_until(limit, |bytes| {
        String::from_utf8_lossy(bytes).contains(says).then_some(())
    });
    if found.is_err() {
        let (said, errors) = (program.stdout().text(), program.stderr().text());
        panic!("waited in vain for «{says}»:\n{said}\n{errors}");
    }
}

/// So many free ports in a row, and those of their pages, all of them below
/// the ports that the system gives to clients.
fn in_a_row(count: u16) -> (u16, Vec<Port>) {
    let mut row: Vec<Port> = Vec::new();
    loop {
        let port = Port::free().expect("a free port");
        let follows = row
            .last()
            .is_some_and(|last| last.number() + 1 == port.number());
        if !follows {
            row.clear();
        }
        row.push(port);
        let first = row[0].number();
        if row.len() == usize::from(count) && first < 21_900 {
            return (first, row);
        }
    }
}

fn assert_nobody_listens(ports: impl IntoIterator<Item = u16>) {
    for port in ports {
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "{port}");
    }
}

/// What a lesson says, told this.
fn lesson(name: &str, words: &[&str], says: &str) {
    let mut built = Build::new([Target::Bin(name)])
        .release(!cfg!(debug_assertions))
        .as_in_the_whole_workspace()
        .quietly()
        .run()
        .expect("the lesson builds");
    let path = built.remove(name).expect("cargo names it");
    let lesson = Program::start(Command::new(path).args(words));
    wait_for(&lesson.expect("start the lesson"), says, DEADLINE);
}

#[test]
fn starts_keeps_the_queue_and_stops() {
    let _turn = turn();
    let data = Folder::new("dados com espaços").expect("a folder");
    let (port, _row) = in_a_row(1);
    let url = format!("amqp://127.0.0.1:{port}");

    let broker = rabbitmq(&[], port, data.path());
    wait_for(&broker, &format!("RabbitMQ pronto em {url}."), START);
    let page = format!("Página de gestão: http://127.0.0.1:{}", port + 10_000);
    wait_for(&broker, &page, DEADLINE);
    lesson("rabbitmq_producer", &[&url, "um"], "Enviada: um\n");

    let second = rabbitmq(&[], port, data.path());
    let status = second.wait(DEADLINE).expect("its end");
    assert_eq!(status.code(), Some(1));
    assert!(second.stderr().wait_for_end(DEADLINE));
    assert_eq!(
        second.stderr().text(),
        format!(
            "A porta {port} está ocupada. Se for por um RabbitMQ, o do \
             sistema por exemplo, as lições já o podem usar.\n"
        )
    );

    broker.interrupt();
    let status = broker.wait(START).expect("its end");
    assert_eq!(status.code(), Some(0));
    wait_for(&broker, "A parar o RabbitMQ.", DEADLINE);
    assert_nobody_listens([port, port + 10_000]);
    assert!(broker.left_behind(DEADLINE).is_empty());

    let broker = rabbitmq(&[], port, data.path());
    wait_for(&broker, "RabbitMQ pronto", START);
    lesson("rabbitmq_consumer", &[&url], "Feita: um\n");
    // As the system does when the terminal is closed.
    broker.terminate();
    let status = broker.wait(START).expect("its end");
    assert_eq!(status.code(), Some(0));
}

/// What one node gets, another one gives.
#[test]
fn three_nodes_are_one_broker() {
    let _turn = turn();
    let data = Folder::new("cluster").expect("a folder");
    let (port, _row) = in_a_row(3);
    let url = |node: u16| format!("amqp://127.0.0.1:{}", port + node);

    let broker = rabbitmq(&["cluster"], port, data.path());
    let urls = [url(0), url(1), url(2)].join(",");
    let ready = format!("RabbitMQ pronto em {urls}. Ctrl-C");
    wait_for(&broker, &ready, START * 3);
    for node in 0..3 {
        let says = format!("rabbit{}: {} (kill -9 ", node + 1, url(node));
        wait_for(&broker, &says, DEADLINE);
    }
    lesson("rabbitmq_producer", &[&url(1), "um"], "Enviada: um\n");
    lesson("rabbitmq_consumer", &[&url(2)], "Feita: um\n");

    broker.interrupt();
    broker.wait(START).expect("its end");
    assert_nobody_listens((port..port + 3).flat_map(|p| [p, p + 10_000]));
    assert!(broker.left_behind(DEADLINE).is_empty());
}

/// Ctrl-C does not wait for what has not started, and a second one for nothing.
#[test]
fn ctrl_c_is_always_heard() {
    let _turn = turn();
    let data = Folder::new("interrupted").expect("a folder");
    let (port, _row) = in_a_row(1);
    let broker = rabbitmq(&[], port, data.path());
    wait_for(&broker, "A iniciar o RabbitMQ.", DEADLINE);
    broker.interrupt();
    let status = broker.wait(DEADLINE).expect("its end");
    assert_eq!(status.code(), Some(130));
    assert!(broker.left_behind(DEADLINE).is_empty());

    let broker = rabbitmq(&[], port, data.path());
    wait_for(&broker, "RabbitMQ pronto", START);
    broker.interrupt();
    wait_for(&broker, "A parar o RabbitMQ.", DEADLINE);
    broker.interrupt();
    let status = broker.wait(DEADLINE).expect("its end");
    assert!(matches!(status.code(), Some(130 | 0)), "{status}");
    assert!(broker.left_behind(DEADLINE).is_empty());
    assert_nobody_listens([port, port + 10_000]);
}

/// The broker, its nodes' names and its page go with whoever is killed.
#[test]
fn a_program_that_is_killed_leaves_no_broker() {
    let _turn = turn();
    let data = Folder::new("killed").expect("a folder");
    let (port, _row) = in_a_row(1);
    let broker = rabbitmq(&[], port, data.path());
    wait_for(&broker, "RabbitMQ pronto", START);
    let id = broker.id().to_string();
    let kill = Command::new("kill").args(["-9", &id]).status();
    assert!(kill.expect("start kill").success());
    broker.wait(DEADLINE).expect("its end");
    assert!(broker.left_behind(DEADLINE).is_empty());
    assert_nobody_listens([port, port + 10_000]);
}

#[test]
fn a_wrong_command_is_told() {
    for (words, says) in [
        (
            &["banana"][..],
            "«banana» não é um endereço, como 127.0.0.1:5672.",
        ),
        (&["0.0.0.0:5672"], "O RabbitMQ escuta só nesta máquina"),
        (&["--dados"], "Essa opção não existe."),
        (&["--data"], "Depois de --data vem uma pasta."),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rabbitmq"));
        let program = Program::start(command.args(words)).expect("start it");
        let status = program.wait(DEADLINE).expect("its end");
        assert_eq!(status.code(), Some(2), "{words:?}");
        assert!(program.stderr().wait_for_end(DEADLINE));
        let said = program.stderr().text();
        assert!(said.contains(says) && said.contains("cluster"), "{said}");
    }
}

/// Without Docker, too; where the packages put it is of no account here.
#[test]
fn what_is_missing_is_named() {
    let error = rabbitmq::Error::NotInstalled.to_string();
    assert!(error.contains("apt install rabbitmq-server"), "{error}");
}
