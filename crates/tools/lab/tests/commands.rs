//! The checker's commands, as a student types them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn lab(notebook: &str, arguments: &[&str]) -> Output {
    let notebook = Path::new(env!("CARGO_TARGET_TMPDIR")).join(notebook);
    Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(arguments)
        .env("LAB_NOTEBOOK", notebook)
        .output()
        .expect("run the checker")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn wrong_use_is_told_apart() {
    for (arguments, says) in [
        (&["banana"][..], "«banana» não é um comando."),
        (&["check"], "Falta o nome do exercício."),
        (
            &["check", "lab_nenhum"],
            "Não há nenhum exercício «lab_nenhum».",
        ),
        (&["check", "lab_sensor_tcp", "--seed", "x"], "vem um número"),
        (&["check", "lab_sensor_tcp", "--"], "Falta o comando"),
        (&["check", "lab_sensor_tcp", "--", "true"], "Falta {addr}"),
        (
            &["check", "lab_sensor_tcp", "outro"],
            "«outro» está a mais.",
        ),
        (&["hint"], "Falta o nome do exercício"),
    ] {
        let output = lab("none", arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(errors.contains(says), "{arguments:?}: {errors}");
        assert_eq!(stdout(&output), "");
    }
}

#[test]
fn each_hint_says_more_and_the_last_one_stays() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hints");
    let _ = fs::remove_dir_all(folder);
    let hint = || stdout(&lab("hints", &["hint", "lab_sensor_tcp"]));
    let first = hint();
    assert!(first.starts_with("Pista 1 de 5:"), "{first}");
    let second = hint();
    assert!(second.starts_with("Pista 2 de 5:"), "{second}");
    for _ in 3..=5 {
        hint();
    }
    let last = hint();
    assert!(last.starts_with("Pista 5 de 5:"), "{last}");
}

#[test]
fn progress_remembers_the_last_check() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("progress");
    let _ = fs::remove_dir_all(folder);
    let progress = || stdout(&lab("progress", &["progress"]));
    assert!(progress().contains("lab_sensor_tcp             por começar"));
    let output = lab(
        "progress",
        &["check", "lab_sensor_tcp", "--", "true", "{addr}"],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(progress().contains("lab_sensor_tcp             0 de 11"));
}

/// The program ends before it listens; the same as JSON.
#[test]
fn json_says_it_all() {
    let arguments = ["check", "lab_sensor_tcp", "--json", "--seed", "3", "--"];
    let output = lab("json", &[&arguments[..], &["false", "{addr}"]].concat());
    assert_eq!(output.status.code(), Some(1));
    let said: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(said["lab"], "lab_sensor_tcp");
    assert_eq!(said["seed"], 3);
    assert_eq!(said["passed"], false);
    let check = &said["checks"][0];
    assert_eq!(check["name"], "set_get");
    assert_eq!(check["result"], "failed");
    assert_eq!(
        check["failure"]["what"],
        "o programa terminou, com o código 1, antes de escutar"
    );
    assert_eq!(said["checks"][1]["result"], "not_run");
}

#[test]
fn program_that_does_not_exist() {
    let output = lab(
        "missing",
        &["check", "lab_sensor_tcp", "--", "./nao_existe", "{addr}"],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("Não existe nenhum «./nao_existe»"));
}

/// Neither colours nor a progress bar where nobody looks.
#[test]
fn plain_text_off_a_terminal() {
    let output = lab(
        "plain",
        &["check", "lab_sensor_tcp", "--", "true", "{addr}"],
    );
    assert!(!stdout(&output).contains(['\x1b', '\r']));
}
