//! The starters in other languages than Rust: each is written where the student
//! works, runs, and fails at the first check, which says what to begin with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;

use programs::{Build, Folder, Target};
use testkit::{RabbitMq, python, workspace};

/// What the first check of a lab says of its starter.
const SAYS: [(&str, &str); 9] = [
    (
        "lab_sensor_tcp",
        "a ligação do cliente 1 foi fechada sem resposta",
    ),
    (
        "lab_telemetry_udp",
        "o cliente 1 ficou 5 s à espera e não recebeu nada",
    ),
    (
        "lab_hub_async",
        "a ligação do cliente 1 foi fechada sem resposta",
    ),
    (
        "lab_items_crud",
        "o código da resposta é 501, e devia ser 201",
    ),
    ("lab_dashboard_ws", "o cliente 1 foi desligado"),
    (
        "lab_thermostat_mqtt",
        "o painel ficou 5 s à espera e não o recebeu",
    ),
    (
        "lab_work_queue_rabbitmq",
        "ao fim de 5 s não subscreveu «pecas»",
    ),
    (
        "lab_pipeline_zmq",
        "o ventilator ficou à espera e não recebeu nada",
    ),
    ("lab_gateway", "ao fim de 5 s, a resposta ainda é outra"),
];

/// The library that is missing in Node, from the fifth lab on.
const NODE: [&str; 5] = ["ws", "mqtt", "amqplib", "zeromq", "ws"];

fn lab(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lab"));
    command
        .args(arguments)
        .env("LAB_NOTEBOOK", folder)
        .env("CARGO_MANIFEST_DIR", workspace())
        .current_dir(folder);
    command
}

fn run(command: &mut Command) -> Output {
    command.output().expect("run the checker")
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Writes a starter, and has what `start` says to do next done by this
/// interpreter; what the checker says.
fn started(
    folder: &Path,
    lab_name: &str,
    language: &str,
    interpreter: &Path,
    environment: &[(&str, PathBuf)],
) -> String {
    let start = ["start", lab_name, "--language", language];
    let output = run(&mut lab(folder, &start));
    let (out, errors) = (said(&output.stdout), said(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}{errors}");
    let next = out.lines().last().expect("what to do next");
    let (_, next) = next.split_once("run -p lab -- ").expect("a command");
    let (check, command) = next.split_once(" -- ").expect("a program");
    let mut words = check.split(' ').collect::<Vec<_>>();
    words.extend(["--seed", "7", "--first", "--"]);
    let mut checker = lab(folder, &words);
    checker.arg(interpreter);
    let command = command.split(' ').skip(1);
    checker.args(command.map(|word| word.trim_matches('\'')));
    for (name, value) in environment {
        checker.env(name, value);
    }
    let output = run(&mut checker);
    let out = said(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{out}");
    assert!(out.contains("\n 1 ✗ "), "{lab_name}: {out}");
    out
}

/// In Node the first four run; what the others take is no part of it, and is
/// not installed here: each says so, and how to get it.
#[test]
fn each_fails_at_the_first_check() {
    let folder = Folder::new("starters").expect("a folder");
    let broker = Build::new([Target::Bin("mqtt_broker")])
        .as_in_the_whole_workspace()
        .quietly()
        .run()
        .expect("build the broker")
        .into_values()
        .next()
        .expect("the broker");
    let rabbits = RabbitMq::start_with_page();
    let environment = [
        ("LAB_MQTT_BROKER", broker),
        ("LAB_RABBITMQ", rabbits.page().into()),
    ];
    let started =
        |name: &str, language: &str, interpreter: &Path, says: &str| {
            let folder = folder.path();
            let out =
                started(folder, name, language, interpreter, &environment);
            assert!(out.contains(says), "{name}: {out}");
        };
    thread::scope(|scope| {
        scope.spawn(|| {
            for (name, says) in SAYS {
                started(name, "python", &python(), says);
            }
        });
        scope.spawn(|| {
            for (index, (name, says)) in SAYS.into_iter().enumerate() {
                let missing = match index {
                    0..=3 => says.to_string(),
                    _ => {
                        let library = NODE[index - 4];
                        format!(
                            "Falta a biblioteca «{library}»: npm install \
                             {library}"
                        )
                    }
                };
                started(name, "node", Path::new("node"), &missing);
            }
        });
    });
}

/// Nobody's work is written over; and what was meant is told.
#[test]
fn a_starter_is_written_over_nothing() {
    let folder = Folder::new("starters-kept").expect("a folder");
    let kept = folder.path().join("lab_sensor_tcp.py");
    fs::write(&kept, "meu").expect("write");
    let start = ["start", "1", "--language", "python"];
    for (more, status, says) in [
        (
            &[][..],
            1,
            "«lab_sensor_tcp.py» já existe, e fica como está.",
        ),
        (
            &["pasta/que/falta.py"],
            1,
            "«pasta/que/falta.py» não se pode",
        ),
        (&["a b.py"], 0, "-- check lab_sensor_tcp -- python"),
        (&["--langage"], 2, "Queria dizer «--language»?"),
    ] {
        let output = run(&mut lab(folder.path(), &[&start[..], more].concat()));
        let out = said(&output.stdout) + &said(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{out}");
        assert!(out.contains(says), "{out}");
    }
    assert_eq!(fs::read_to_string(&kept).expect("read"), "meu");
    let written = fs::read_to_string(folder.path().join("a b.py"));
    assert!(written.expect("a starter").contains("TODO 1"));

    for (arguments, status, says) in [
        (
            &["start", "1"][..],
            2,
            "Falta a linguagem, python, node ou rust",
        ),
        (
            &["start", "1", "--language", "go"],
            2,
            "Não há pontos de partida em «go»",
        ),
        (
            &["start", "1", "--language", "rust"],
            0,
            "crates/labs/lab_sensor_tcp/src/main.rs",
        ),
    ] {
        let output = run(&mut lab(folder.path(), arguments));
        let out = said(&output.stdout) + &said(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{out}");
        assert!(out.contains(says), "{out}");
    }
}
