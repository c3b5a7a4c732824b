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

/// Without a broker nothing is known of the program: nothing passes.
#[test]
fn no_broker_is_not_the_programs_fault() {
    let output = Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(["check", "lab_work_queue_rabbitmq", "--", "true", "{addr}"])
        .env("LAB_RABBITMQ", "http://127.0.0.1:1")
        .env("LAB_NOTEBOOK", env!("CARGO_TARGET_TMPDIR"))
        .output()
        .expect("run the checker");
    assert_eq!(output.status.code(), Some(1));
    let said = stdout(&output);
    let why = "(LAB_RABBITMQ=http://127.0.0.1:1 não é um RabbitMQ com gestão: ";
    let checks = if cfg!(unix) { 9 } else { 8 };
    assert_eq!(said.matches(why).count(), checks, "{said}");
    assert!(!said.contains(['✓', '✗']), "{said}");
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

/// Nothing is found where there is no path; and each line that is missing
/// says how to install it.
#[test]
#[cfg(target_os = "linux")]
fn doctor_says_what_is_missing_and_how_to_get_it() {
    let empty = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-programs");
    fs::create_dir_all(&empty).expect("make a folder");
    let output = Command::new(env!("CARGO_BIN_EXE_lab"))
        .arg("doctor")
        .env("PATH", &empty)
        .output()
        .expect("run the checker");
    assert_eq!(output.status.code(), Some(1));
    let said = stdout(&output);
    let (_, missing) = said.split_once("O que falta,").expect("a list");
    for says in [
        "\n  Rust (tudo)\n  $ curl https://sh.rustup.rs -sSf | sh\n",
        "\n  CMake e make (parte 4, MQTT: compilar o cliente Paho)\n  $ sudo ",
        "\n  Python 3 (os testes, e exercícios em Python)\n  $ sudo ",
        "\nSem o que serve para tudo, nada compila.\n",
    ] {
        assert!(missing.contains(says), "{says:?}: {said}");
    }
}

/// A checker that runs on, and its program.
#[cfg(unix)]
mod running {
    use super::*;
    use std::io::{BufRead, BufReader};
    use std::process::{Child, ChildStdout, Stdio};
    use std::sync::mpsc::{Receiver, channel};
    use std::thread;
    use std::time::{Duration, Instant};

    use rustix::process::{Pid, Signal, kill_process, test_kill_process};

    const LIMIT: Duration = Duration::from_secs(30);

    fn folder(name: &str) -> std::path::PathBuf {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("make a folder");
        folder
    }

    /// `lab COMMAND lab_sensor_tcp -- sh SCRIPT {addr}`, in a folder.
    fn start(command: &str, folder: &Path) -> Child {
        Command::new(env!("CARGO_BIN_EXE_lab"))
            .args([command, "lab_sensor_tcp", "--", "sh"])
            .arg(folder.join("run"))
            .arg("{addr}")
            .env("LAB_NOTEBOOK", folder.join("notebook"))
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()
            .expect("run the checker")
    }

    fn signal(child: &Child, signal: Signal) {
        let id = Pid::from_raw(child.id().cast_signed()).expect("a process");
        kill_process(id, signal).expect("send a signal");
    }

    fn ends(child: &mut Child) -> Option<i32> {
        let start = Instant::now();
        while start.elapsed() < LIMIT {
            if let Some(status) = child.try_wait().expect("wait") {
                return status.code();
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = child.kill();
        panic!("the checker goes on");
    }

    fn lines(stdout: ChildStdout) -> Receiver<String> {
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        lines
    }

    fn wait_for(lines: &Receiver<String>, wanted: &str) {
        loop {
            let line = lines.recv_timeout(LIMIT).expect(wanted);
            if line.contains(wanted) {
                return;
            }
        }
    }

    /// Each change is a check, also in a file that the program only reads;
    /// Ctrl-C is the end.
    #[test]
    fn watch_checks_again_after_each_change() {
        let folder = folder("watch");
        fs::write(folder.join("run"), "exit 3\n").expect("write");
        let mut checker = start("watch", &folder);
        let lines = lines(checker.stdout.take().expect("its stdout"));
        wait_for(&lines, "com o código 3, antes de escutar");
        wait_for(&lines, "À espera de uma alteração");
        fs::write(folder.join("run"), "exit 4\n").expect("write");
        wait_for(&lines, "com o código 4, antes de escutar");
        wait_for(&lines, "À espera de uma alteração");
        fs::write(folder.join("beside"), "").expect("write");
        wait_for(&lines, "com o código 4, antes de escutar");
        wait_for(&lines, "À espera de uma alteração");
        signal(&checker, Signal::INT);
        assert_eq!(ends(&mut checker), Some(130));
    }

    /// Who stops the checker stops the student's program, too.
    #[test]
    fn sigterm_ends_the_program_too() {
        let folder = folder("sigterm");
        let script = "echo $$ > id.new; mv id.new id; exec sleep 600\n";
        fs::write(folder.join("run"), script).expect("write");
        let mut checker = start("check", &folder);
        let begin = Instant::now();
        let id = loop {
            if let Ok(id) = fs::read_to_string(folder.join("id")) {
                break id.trim().parse().expect("a number");
            }
            assert!(begin.elapsed() < LIMIT, "the program does not start");
            thread::sleep(Duration::from_millis(10));
        };
        signal(&checker, Signal::TERM);
        assert_eq!(ends(&mut checker), Some(130));
        let program = Pid::from_raw(id).expect("a process");
        while test_kill_process(program).is_ok() {
            assert!(begin.elapsed() < LIMIT, "the program goes on");
            thread::sleep(Duration::from_millis(10));
        }
    }
}
