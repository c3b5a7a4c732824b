//! The demo as a lecturer runs it.

use testkit::{Program, lesson};

#[test]
fn shows_server_and_client_together() {
    let finished =
        Program::start(lesson("demo").arg("tcp_echo_server")).finish();
    assert!(finished.status.success(), "{finished:?}");
    let mut lines: Vec<&str> = finished.stdout.lines().collect();
    lines.sort_unstable(); // who speaks first varies
    assert_eq!(lines.len(), 4, "{finished:?}");
    assert_eq!(lines[0], "tcp_echo_client │ Eco recebido: Ola, mundo");
    assert!(lines[1].starts_with("tcp_echo_server │ Ligado por 127.0.0.1:"));
    assert_eq!(lines[2], "tcp_echo_server │ Recebido: Ola, mundo");
}

#[test]
fn unknown_lesson() {
    let finished = Program::start(lesson("demo").arg("banana")).finish();
    assert_eq!(finished.status.code(), Some(2));
    assert!(finished.stderr.starts_with("Que lição?"), "{finished:?}");
}

/// A lesson whose broker is no lesson: the demo starts one.
#[test]
fn brings_the_broker() {
    let finished =
        Program::start(lesson("demo").arg("rabbitmq_producer")).finish();
    assert!(finished.status.success(), "{finished:?}");
    let said = "rabbitmq_producer │ Enviada: regar a horta\n";
    assert!(finished.stdout.contains(said), "{finished:?}");
}
