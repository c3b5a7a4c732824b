//! `just rabbitmq` and `just rabbitmq-cluster`: the script that they call, on
//! other ports.
#![cfg(unix)]

use std::net::TcpStream;
use std::process::Command;
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

fn assert_nobody_listens(ports: &[u16]) {
    for port in ports {
        assert!(TcpStream::connect(("127.0.0.1", *port)).is_err(), "{port}");
    }
}

#[test]
fn starts_keeps_the_queue_and_stops() {
    let folder = std::env::temp_dir()
        .join(format!("receita com espaços {}", std::process::id()));
    let data = folder.to_string_lossy();
    let port = free_ports(1)[0];
    let url = format!("amqp://127.0.0.1:{port}");

    let mut recipe = Recipe::start("single", &data, port);
    recipe
        .script
        .wait_for(&format!("RabbitMQ pronto em {url}."));
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

    let recipe = Recipe::start("single", &data, recipe.port);
    recipe.script.wait_for("RabbitMQ pronto");
    let consumer = Program::start(lesson("rabbitmq_consumer").arg(&url));
    consumer.wait_for("Feita: um\n");
    drop(recipe);
    std::fs::remove_dir_all(&folder).expect("remove the data");
}

/// What one node gets, another one gives.
#[test]
fn three_nodes_are_one_broker() {
    let folder = std::env::temp_dir()
        .join(format!("receita-cluster-{}", std::process::id()));
    let data = folder.to_string_lossy();
    let port = loop {
        let ports = free_ports(3);
        if ports[2] == ports[0] + 2 {
            break ports[0];
        }
    };
    let url = |node: u16| format!("amqp://127.0.0.1:{}", port + node);

    let mut recipe = Recipe::start("cluster", &data, port);
    // One after another: each has a time of its own.
    for node in 0..3 {
        let says = format!("rabbit{}: {} (kill -9 ", node + 1, url(node));
        recipe.script.wait_for(&says);
    }
    let urls = [url(0), url(1), url(2)].join(",");
    let ready = format!("RabbitMQ pronto em {urls}. Ctrl-C termina.");
    recipe.script.wait_for(&ready);

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
