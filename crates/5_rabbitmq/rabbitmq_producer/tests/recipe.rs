//! `just rabbitmq`: the script that it calls, on another port.
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
    fn start(data: &str, port: u16) -> Recipe {
        let script = Program::start(
            Command::new("bash")
                .arg("../rabbitmq.sh")
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

#[test]
fn starts_keeps_the_queue_and_stops() {
    let folder = std::env::temp_dir()
        .join(format!("receita com espaços {}", std::process::id()));
    let data = folder.to_string_lossy();
    let port = free_ports(1)[0];
    let url = format!("amqp://127.0.0.1:{port}");

    let mut recipe = Recipe::start(&data, port);
    recipe
        .script
        .wait_for(&format!("RabbitMQ pronto em {url}."));
    let page = format!("Página de gestão: http://127.0.0.1:{}", port + 10_000);
    recipe.script.wait_for(&page);
    let producer =
        Program::start(lesson("rabbitmq_producer").args([&url, "um"]));
    assert!(producer.finish().status.success());

    let second = Recipe::start(&data, port);
    second.script.wait_for_error(&format!(
        "A porta {port} está ocupada. Se for por um RabbitMQ, o do sistema \
         por exemplo, as lições já o podem usar."
    ));
    drop(second);

    recipe.stop();
    recipe.script.wait_for("A parar o RabbitMQ.");
    for port in [port, port + 1000, port + 2000, port + 10_000] {
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "{port}");
    }

    let recipe = Recipe::start(&data, recipe.port);
    recipe.script.wait_for("RabbitMQ pronto");
    let consumer = Program::start(lesson("rabbitmq_consumer").arg(&url));
    consumer.wait_for("Feita: um\n");
    drop(recipe);
    std::fs::remove_dir_all(&folder).expect("remove the data");
}
