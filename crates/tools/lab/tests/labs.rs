//! What checks the checker: solutions pass, the starter fails at once, and
//! each wrong program in a lab's `corpus` fails as it should, word for word.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock};
use std::thread;

use snapbox::{Assert, Data, Redactions};
use testkit::{RabbitMq, python, workspace};

/// Runs the checker with a seed of which all expected outputs are.
fn check(lab: &str, arguments: &[&str]) -> Output {
    let mut checker = Command::new(env!("CARGO_BIN_EXE_lab"));
    checker.args(["check", lab, "--seed", "7"]).args(arguments);
    if lab == "lab_work_queue_rabbitmq" {
        // One for all: each takes its time to start.
        static BROKER: OnceLock<RabbitMq> = OnceLock::new();
        let broker = BROKER.get_or_init(RabbitMq::start_with_page);
        checker.env("LAB_RABBITMQ", broker.page());
    }
    checker
        .current_dir(workspace())
        .output()
        .expect("run the checker")
}

/// The same for a Python program.
fn check_python(lab: &str, script: &Path) -> Output {
    let script = script.to_str().expect("a path that is text");
    let python = python();
    let python = python.to_str().expect("a path that is text");
    check(lab, &["--", python, script, "{addr}"])
}

/// The checker's answer, compared with the one that is stored.
fn assert_output(output: &Output, stored: &Path) {
    let text = String::from_utf8_lossy(&output.stdout);
    let root = workspace().to_string_lossy().into_owned();
    let text = without_ports(&text).replace(&root, "[ROOT]");
    let expected = Data::read_from(stored, None).raw();
    Assert::new()
        .action_env(snapbox::assert::DEFAULT_ACTION_ENV)
        .redact_with(Redactions::new())
        .eq(text, expected);
}

/// Ports and process numbers differ from run to run.
fn without_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let mut clean = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let digits = part.find(|c: char| !c.is_ascii_digit());
        // The port that the sheets talk of stays.
        let part = match part.strip_prefix("65432") {
            Some(_) => part.to_string(),
            None => format!("[PORT]{}", &part[digits.unwrap_or(part.len())..]),
        };
        clean.push_str("127.0.0.1:");
        clean.push_str(&part);
    }
    clean
}

fn assert_passes(output: &Output) {
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
}

fn solution_passes(lab: &str) {
    assert_passes(&check(lab, &["--solution"]));
}

fn python_solution_passes(lab: &str) {
    let script = corpus(lab).join("solution.py");
    if script.exists() {
        assert_passes(&check_python(lab, &script));
    }
}

fn starter_fails_at_the_first_check(lab: &str) {
    let output = check(lab, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert_output(&output, &corpus(lab).join("starter.txt"));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("\n 1 ✗"), "{text}");
}

fn corpus(lab: &str) -> PathBuf {
    workspace().join("crates/labs").join(lab).join("corpus")
}

/// Each wrong program, by itself.
fn wrong_programs_fail_as_they_should(lab: &str) {
    let entries = fs::read_dir(corpus(lab)).expect("a corpus");
    let mut wrong: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "py"))
        .filter(|path| path.file_stem().is_some_and(|name| name != "solution"))
        .collect();
    wrong.sort();
    assert!(wrong.len() >= 4, "a corpus of {} programs", wrong.len());
    // They wait more than they work.
    let left = Mutex::new(wrong.iter());
    let next = || left.lock().expect("the scripts").next();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(script) = next() {
                    let output = check_python(lab, script);
                    assert_output(&output, &script.with_extension("txt"));
                    assert_eq!(output.status.code(), Some(1));
                }
            });
        }
    });
}

macro_rules! labs {
    ($($lab:ident)*) => {
        $(mod $lab {
            #[test]
            fn solution_passes() {
                super::solution_passes(stringify!($lab));
            }

            #[test]
            fn python_solution_passes() {
                super::python_solution_passes(stringify!($lab));
            }

            #[test]
            fn starter_fails_at_the_first_check() {
                super::starter_fails_at_the_first_check(stringify!($lab));
            }

            #[test]
            fn wrong_programs_fail_as_they_should() {
                super::wrong_programs_fail_as_they_should(stringify!($lab));
            }
        })*

        /// No lab that the checker knows is left out here.
        #[test]
        fn every_lab_is_here() {
            let output = std::process::Command::new(env!("CARGO_BIN_EXE_lab"))
                .arg("list")
                .output()
                .expect("run the checker");
            let listed = String::from_utf8_lossy(&output.stdout).into_owned();
            let listed: Vec<&str> = listed
                .lines()
                .filter_map(|line| line.split_whitespace().next())
                .collect();
            assert_eq!(listed, [$(stringify!($lab)),*]);
        }
    };
}

labs! {
    lab_sensor_tcp
    lab_telemetry_udp
    lab_hub_async
    lab_items_crud
    lab_dashboard_ws
    lab_thermostat_mqtt
    lab_work_queue_rabbitmq
    lab_pipeline_zmq
    lab_gateway
}
