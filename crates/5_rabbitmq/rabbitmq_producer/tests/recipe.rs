//! `just rabbitmq` and `just rabbitmq-cluster`: the script that they call, on
//! other ports.
#![cfg(unix)]

use std::net::TcpStream;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use testkit::{DEADLINE, Program, free_ports, lesson};

/// The script stops what it has started when it is interrupted, so it is, even
/// where the test fails.
struct Recipe {
    script: Program,
    port: u16,
}

impl Recipe {
    fn start(what: &str, data: &str, port: u16) -> Recipe {
        let script = Program::start(
            Command::new("bash")
                .args(["../rabbitmq.sh", what])
                .env("PORT", port.to_string())
                .env("DATA", data),
        );
        Recipe { script, port }
    }

    /// Waits for what it says once the broker has started, which takes its
    /// time where the machine is busy.
    fn wait_for_start(&mut self, says: &str) {
        let start = Instant::now();
        while !self.script.output().contains(says) {
            assert!(
                self.script.is_running() && start.elapsed() < 5 * DEADLINE,
                "waited in vain for «{says}»:\n{}\n{}",
                self.script.output(),
                self.script.errors()
            );
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn stop(&mut self) {
        if self.script.is_running() {
            self.script.interrupt();
        }
        let start = Instant::now();
        while self.script.is_running() && start.elapsed() < DEADLINE {
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Recipe {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The first of so many free ports in a row. The script takes others with each,
/// up to 10 000 further on: those too must be below the ports that the system
/// gives to clients.
fn first_of(count: u16) -> u16 {
    loop {
        let ports = free_ports(usize::from(count));
        let last = ports[0] + count - 1;
        if ports.ends_with(&[last]) && last < 22_700 {
            return ports[0];
        }
    }
}

fn assert_nobody_listens(ports: &[u16]) {
    for port in ports {
        assert!(TcpStream::connect(("127.0.0.1", *port)).is_err(), "{port}");
    }
}

/// Each has the machine for itself.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn starts_keeps_the_queue_and_stops() {
    let _turn = turn();
    let folder = std::env::temp_dir()
        .join(format!("receita com espaços {}", std::process::id()));
    let data = folder.to_string_lossy();
    let port = first_of(1);
    let url = format!("amqp://127.0.0.1:{port}");

    let mut recipe = Recipe::start("single", &data, port);
    recipe.wait_for_start(&format!("RabbitMQ pronto em {url}."));
    let page = format!("Página de gestão: http://127.0.0.1:{}", port + 10_000);
    recipe.script.wait_for(&page);
    let producer =
        Program::start(lesson("rabbitmq_producer").args([&url, "um"]));
    assert!(producer.finish().status.success());

    let second = Recipe::start("single", &data, port);
    second.script.wait_for_error(&format!(
        "A porta {port} está ocupada. Se for por um RabbitMQ, o do sistema \
         por exemplo, as lições já o podem usar."
    ));
    drop(second);

    recipe.stop();
    recipe.script.wait_for("A parar o RabbitMQ.");
    assert_nobody_listens(&[port, port + 1000, port + 2000, port + 10_000]);

    let mut recipe = Recipe::start("single", &data, recipe.port);
    recipe.wait_for_start("RabbitMQ pronto");
    let consumer = Program::start(lesson("rabbitmq_consumer").arg(&url));
    consumer.wait_for("Feita: um\n");
    drop(recipe);
    std::fs::remove_dir_all(&folder).expect("remove the data");
}

/// What one node gets, another one gives.
#[test]
fn three_nodes_are_one_broker() {
    let _turn = turn();
    let folder = std::env::temp_dir()
        .join(format!("receita-cluster-{}", std::process::id()));
    let data = folder.to_string_lossy();
    let port = first_of(3);
    let url = |node: u16| format!("amqp://127.0.0.1:{}", port + node);

    let mut recipe = Recipe::start("cluster", &data, port);
    let urls = [url(0), url(1), url(2)].join(",");
    recipe.wait_for_start(&format!("RabbitMQ pronto em {urls}. Ctrl-C"));
    for node in 0..3 {
        let says = format!("rabbit{}: {} (kill -9 ", node + 1, url(node));
        recipe.script.wait_for(&says);
    }

    let producer =
        Program::start(lesson("rabbitmq_producer").args([&url(1), "um"]));
    let finished = producer.finish();
    assert!(finished.status.success(), "{finished:?}");
    let consumer = Program::start(lesson("rabbitmq_consumer").arg(url(2)));
    consumer.wait_for("Feita: um\n");
    drop(consumer);

    recipe.stop();
    recipe.script.wait_for("A parar o RabbitMQ.");
    for node in 0..3 {
        let own = [port, port + 1000, port + 10_000];
        assert_nobody_listens(&own.map(|port| port + node));
    }
    assert_nobody_listens(&[port + 2000]);
    std::fs::remove_dir_all(&folder).expect("remove the data");
}
