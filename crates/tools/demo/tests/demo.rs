//! The demo as a lecturer runs it.

use std::io::{BufRead, BufReader};
use std::process::Command;

use programs::Setup;
use testkit::{DEADLINE, Program, lesson};

fn demo(words: &[&str]) -> Command {
    let mut command = lesson("demo");
    command.args(words);
    command
}

#[test]
fn shows_server_and_client_together() {
    let finished = Program::start(&mut demo(&["tcp_echo_server"])).finish();
    assert!(finished.status.success(), "{finished:?}");
    let mut lines: Vec<&str> = finished.stdout.lines().collect();
    lines.sort_unstable(); // who speaks first varies
    assert_eq!(lines.len(), 4, "{finished:?}");
    assert_eq!(lines[0], "tcp_echo_client │ Eco recebido: Ola, mundo");
    assert!(lines[1].starts_with("tcp_echo_server │ Ligado por 127.0.0.1:"));
    assert_eq!(lines[2], "tcp_echo_server │ Recebido: Ola, mundo");
    let address = "Servidor TCP a escutar em 127.0.0.1:65432";
    assert_eq!(lines[3], format!("tcp_echo_server │ {address}"));
}

#[test]
fn a_wrong_command_is_told() {
    for (words, says) in [
        (&["banana"][..], "Que lição?"),
        (&[], "Que lição?"),
        (&["../tools"], "Que lição?"),
        (&["demo", "banana"], "«banana» está a mais."),
        (&["--banana"], "Essa opção não existe."),
    ] {
        let finished = Program::start(&mut demo(words)).finish();
        assert_eq!(finished.status.code(), Some(2), "{finished:?}");
        assert!(finished.stderr.contains(says), "{finished:?}");
        assert!(!finished.stderr.contains("panicked"), "{finished:?}");
    }
}

/// A lesson whose broker is no lesson: the demo starts one.
#[test]
fn brings_the_broker() {
    let finished = Program::start(&mut demo(&["rabbitmq_producer"]))
        .finish_within(DEADLINE * 6);
    assert!(finished.status.success(), "{finished:?}");
    let said = "rabbitmq_producer │ Enviada: regar a horta\n";
    assert!(finished.stdout.contains(said), "{finished:?}");
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let mut command = demo(&["tcp_echo_server"]);
    command.env("CARGO_TARGET_DIR", file!()); // a folder inside a file
    let finished = Program::start(&mut command).finish();
    assert_eq!(finished.status.code(), Some(1), "{finished:?}");
    let says = "Não se pode escrever em";
    assert!(finished.stderr.contains(says), "{finished:?}");
    assert!(!finished.stderr.contains("panicked"), "{finished:?}");
}

/// `just demo tcp_echo_server | head -1`
#[test]
fn ends_quietly_when_nobody_reads() {
    let (reader, output) = std::io::pipe().expect("make a pipe");
    let mut command = demo(&["tcp_echo_server"]);
    let running = Setup::new(&mut command).writing_to(output).start();
    let running = running.expect("start the demo");
    let mut first = String::new();
    let mut reader = BufReader::new(reader);
    reader.read_line(&mut first).expect("a line");
    drop(reader);
    running.wait(DEADLINE).expect("its end");
    assert!(running.left_behind(DEADLINE).is_empty());
    assert!(running.stderr().wait_for_end(DEADLINE));
    let errors = running.stderr().text();
    assert!(!errors.contains("panicked"), "{errors}");
}

/// On a terminal, which `script` makes.
#[test]
#[cfg(target_os = "linux")]
fn colours_only_for_who_wants_them() {
    let shown = |variable: &str, value: &str| {
        let path = lesson("demo").get_program().to_os_string();
        let demo = format!("{} tcp_echo_server", path.display());
        let mut command = Command::new("script");
        command.args(["-qec", &demo, "/dev/null"]);
        command.env("TERM", "xterm").env_remove("NO_COLOR");
        command.env(variable, value);
        let finished = Program::start(&mut command).finish();
        assert!(finished.status.success(), "{finished:?}");
        assert!(finished.stdout.contains("Eco recebido"), "{finished:?}");
        finished.stdout.contains('\x1b')
    };
    assert!(shown("TERM", "xterm"));
    assert!(!shown("NO_COLOR", "1"));
    assert!(!shown("TERM", "dumb"));
}
