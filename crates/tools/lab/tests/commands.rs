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
        (
            &["chekc"],
            "«chekc» não é um comando. Queria dizer «check»?",
        ),
        (
            &["check"],
            "Falta o nome do exercício: cargo run -p lab -- check",
        ),
        (&["check", "lab_nenhum"], "nenhum exercício «lab_nenhum»."),
        (&["check", "sensor_tpc"], "Queria dizer «lab_sensor_tcp»?"),
        (&["check", "10"], "Não há nenhum exercício «10»."),
        (&["check", "1", "--seed", "x"], "vem um número, e não «x»"),
        (
            &["check", "1", "--seed"],
            "Depois de --seed falta um valor.",
        ),
        (&["check", "1", "--sede=7"], "Queria dizer «--seed»?"),
        (&["check", "1", "--json=7"], "--json não leva nenhum valor"),
        (&["check", "1", "--only", "reste"], "Queria dizer «reset»?"),
        (&["check", "1", "--only", "12"], "Tem estas, de 1 a "),
        (&["check", "lab_sensor_tcp", "--"], "Falta o comando"),
        (&["check", "lab_sensor_tcp", "--", "true"], "Falta {addr}"),
        // What PowerShell makes of it.
        (
            &["check", "1", "--", "node", "a.mjs", "addr"],
            "\nEm PowerShell, entre plicas: '{addr}'",
        ),
        (
            &["check", "1", "python3", "a.py", "{addr}"],
            "falta «--» antes dele:\ncargo run -p lab -- check \
             lab_sensor_tcp -- python3 a.py {addr}",
        ),
        (
            &["check", "1", "--solution", "--", "true", "{addr}"],
            "os dois ao mesmo tempo, não",
        ),
        (&["hint"], "Falta o nome do exercício"),
        (&["hint", "1", "99"], "As pistas vão de 1 a "),
        (&["progress", "já"], "«já» está a mais."),
        (&["grade", "1"], "Falta a pasta das entregas"),
    ] {
        let output = lab("none", arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(errors.contains(says), "{arguments:?}: {errors}");
        assert_eq!(stdout(&output), "");
    }
}

/// An argument that is no text is told so, and one that is not asked to be
/// (a program's) goes on as it is.
#[test]
#[cfg(unix)]
fn arguments_that_are_no_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let no_text = OsStr::from_bytes(b"Solu\xe7\xe3o");
    let run = |arguments: &[&OsStr]| {
        Command::new(env!("CARGO_BIN_EXE_lab"))
            .args(arguments)
            .env("LAB_NOTEBOOK", env!("CARGO_TARGET_TMPDIR"))
            .output()
            .expect("run the checker")
    };
    let output = run(&["check".as_ref(), no_text]);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("não é texto em UTF-8"), "{errors}");

    let script = r#"[ $(printf %s "$1" | wc -c) = 7 ] && exit 3; exit 4"#;
    let head = ["check", "1", "--", "sh", "-c", script, "sh"];
    let head = head.map(AsRef::<OsStr>::as_ref);
    let output = run(&[&head[..], &[no_text, "{addr}".as_ref()]].concat());
    assert!(stdout(&output).contains("com o código 3, antes de escutar"));
}

/// A lab by its number, its name, or its name without the beginning; and an
/// option's value in either way.
#[test]
fn what_is_right_in_several_ways() {
    for arguments in [
        &["check", "1", "--seed=3"][..],
        &["check", "lab_sensor_tcp", "--seed", "3"],
        &["check", "--seed", "3", "sensor_tcp"],
    ] {
        let command = ["--", "false", "{addr}"];
        let output = lab("several", &[arguments, &command].concat());
        let said = stdout(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(said.starts_with("lab_sensor_tcp: "), "{said}");
        assert!(said.contains("(semente 3)"), "{said}");
    }
    for arguments in [&["check", "--help"][..], &["--help"], &[]] {
        let output = lab("several", arguments);
        assert_eq!(output.status.code(), Some(0));
        assert!(stdout(&output).contains("cargo run -p lab -- check LAB"));
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
    // Who asks for one goes on from there.
    let again = stdout(&lab("hints", &["hint", "1", "2"]));
    let next = "hint lab_sensor_tcp";
    assert!(second.ends_with(&format!("-- {next}\n")), "{second}");
    assert_eq!(again, second.replace(next, &format!("{next} 3")));
}

/// What was solved stays solved, whatever a later try comes to.
#[test]
fn progress_keeps_what_was_solved() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("progress");
    let _ = fs::remove_dir_all(&folder);
    let progress = || stdout(&lab("progress", &["progress"]));
    assert!(progress().contains("lab_sensor_tcp             por começar"));
    let fails = ["check", "1", "--", "false", "{addr}"];
    assert_eq!(lab("progress", &fails).status.code(), Some(1));
    assert!(progress().contains("lab_sensor_tcp             0 de 11"));
    let page = folder.join("lab_sensor_tcp.json");
    let solved = r#"{"checks":{"set_get":"passed","errors":"passed"}}"#;
    fs::write(page, solved).expect("write");
    assert_eq!(lab("progress", &fails).status.code(), Some(1));
    assert!(progress().contains("lab_sensor_tcp             2 de 11"));
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
    let said = stdout(&output);
    assert!(said.contains("✗ o programa não arranca: "), "{said}");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains(
            "Não existe nenhum «./nao_existe», ou não se pode executar. \
             Experimente o comando sozinho, num terminal."
        ),
        "{said}"
    );
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

/// What the program printed does nothing to who reads it, in any form.
#[test]
#[cfg(unix)]
fn a_programs_output_gives_the_terminal_no_orders() {
    let script = r"printf '\033]0;x\007\033[2J\342\200\256olá\n'; exit 3";
    for form in [&[][..], &["--json"]] {
        let head = [&["check", "1"][..], form].concat();
        let tail = ["--", "sh", "-c", script, "sh", "{addr}"];
        let output = lab("plain", &[&head[..], &tail].concat());
        let said = stdout(&output);
        assert!(
            said.contains("\\x1b]0;x\\x07") || !form.is_empty(),
            "{said}"
        );
        assert!(said.contains("olá"), "{said}");
        let orders = ['\x1b', '\x07', '\r', '\u{202e}'];
        assert!(!said.contains(orders), "{said}");
        assert!(said.lines().all(|line| line.chars().count() < 300));
    }
}

/// On a terminal that is narrow, the line of the progress stays one line; and
/// on one that wants no escape sequences there are none.
#[test]
#[cfg(unix)]
fn terminals_of_every_kind() {
    const TERMINAL: &str = "\
import fcntl, os, pty, struct, sys, termios
child, terminal = pty.fork()
if child == 0:
    size = struct.pack('HHHH', 24, 40, 0, 0)
    fcntl.ioctl(0, termios.TIOCSWINSZ, size)
    os.execv(sys.argv[1], sys.argv[1:])
try:
    while piece := os.read(terminal, 65536):
        os.write(1, piece)
except OSError:
    pass
";
    let shown = |name: &str, value: &str| {
        let output = Command::new("python3")
            .args(["-c", TERMINAL, env!("CARGO_BIN_EXE_lab")])
            .args(["check", "1", "--", "false", "{addr}"])
            .env("LAB_NOTEBOOK", env!("CARGO_TARGET_TMPDIR"))
            .env_remove("NO_COLOR")
            .env("TERM", "xterm")
            .env(name, value)
            .output()
            .expect("run python3 (sudo apt install python3)");
        stdout(&output)
    };
    let coloured = shown("TERM", "xterm");
    let mut bars = coloured.split("\r\x1b[K").filter(|p| p.contains('░'));
    let bar = bars.next().expect("a bar");
    assert_eq!(bar.chars().count(), 39, "{bar}");
    assert!(coloured.contains("\x1b[31m✗"), "{coloured}");
    // There it stops at the first failure.
    let whole = coloured.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(whole.contains("10 ficaram por correr"), "{coloured}");
    // What is too long is broken between words, but for a command; and that is
    // the one that was typed.
    let lines = coloured.split("\r\n").filter(|line| !line.contains('\r'));
    let too_long =
        |line: &&str| line.chars().count() > 40 && !line.contains('\x1b');
    let long: Vec<&str> = lines.filter(too_long).collect();
    assert!(
        long.iter().all(|line| line.contains("cargo run")),
        "{long:?}"
    );
    let again = "check lab_sensor_tcp --only 1 -- false {addr}\r\n";
    assert!(coloured.contains(again), "{coloured}");
    for (name, value) in [("TERM", "dumb"), ("NO_COLOR", "1")] {
        let plain = shown(name, value);
        assert!(plain.contains("✗ SET guarda"), "{plain}");
        assert!(!plain.contains(['\x1b', '░']), "{name}: {plain}");
    }
}

/// The whole program's last words are there, where it does not even begin.
#[test]
#[cfg(unix)]
fn who_crashes_at_once_is_told_why() {
    let script = "echo 'ModuleNotFoundError: tokio' >&2; exit 1";
    let arguments = ["check", "1", "--", "sh", "-c", script, "sh", "{addr}"];
    let said = stdout(&lab("crash", &arguments));
    assert!(said.contains("com o código 1, antes de escutar"), "{said}");
    assert!(said.contains("    ModuleNotFoundError: tokio\n"), "{said}");
    assert!(said.contains("nem chegou a funcionar"), "{said}");
    assert!(!said.contains("por causa de um cliente"), "{said}");
}

/// A machine that cannot have a thousand connections says nothing about the
/// program.
#[test]
#[cfg(unix)]
fn the_machines_limits_are_not_the_programs_fault() {
    let script = format!(
        "ulimit -n 256; exec {} check hub_async --only thousand -- false \
         {{addr}}",
        env!("CARGO_BIN_EXE_lab")
    );
    let output = Command::new("sh")
        .args(["-c", &script])
        .env("LAB_NOTEBOOK", env!("CARGO_TARGET_TMPDIR"))
        .output()
        .expect("run the checker");
    let said = stdout(&output);
    assert!(said.contains("– mil clientes ligados"), "{said}");
    assert!(said.contains("256 sockets e ficheiros"), "{said}");
    assert!(
        said.contains("A verificação 7 não se pôde correr"),
        "{said}"
    );
    assert!(!said.contains(['✗', '✓']), "{said}");
}

/// From a folder outside, and in a copy of the workspace, the tools do not act
/// on the folder in which they were compiled.
#[test]
fn the_workspace_is_the_one_where_it_runs() {
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("copy");
    let _ = fs::remove_dir_all(&copy);
    let root = testkit::workspace();
    let lab_folder = "crates/labs/lab_sensor_tcp";
    for path in [
        "Cargo.toml",
        "crates/tools/programs/Cargo.toml",
        &format!("{lab_folder}/examples/lab_sensor_tcp_solution.rs"),
    ] {
        let to = copy.join(path);
        fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
        fs::copy(root.join(path), to).expect(path);
    }
    let main = copy.join(lab_folder).join("src/main.rs");
    fs::create_dir_all(main.parent().expect("a folder")).expect("a folder");
    fs::write(&main, b"// Solu\xe7\xe3o\nfn main(){}\n").expect("write");

    let reset = |folder: &Path| {
        Command::new(env!("CARGO_BIN_EXE_lab"))
            .args(["reset", "1"])
            .current_dir(folder)
            .env_remove("CARGO_MANIFEST_DIR")
            .output()
            .expect("run the checker")
    };
    let output = reset(&copy.join(lab_folder));
    let said = stdout(&output);
    let kept = said.trim().rsplit(": ").next().expect("a path");
    assert!(Path::new(kept).starts_with(&copy), "{said}");
    let work = fs::read(kept).expect("the copy");
    assert_eq!(work, b"// Solu\xe7\xe3o\nfn main(){}\n");
    let starter = root.join(lab_folder).join("src/main.rs");
    assert_eq!(fs::read(&main).ok(), fs::read(starter).ok());

    let output = reset(Path::new("/"));
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(errors.contains("não estamos na pasta deste"), "{errors}");
}

/// Where nothing can be written (here a file is where a folder should be, which
/// stops root as well), each command says so, and does what it can.
#[test]
fn where_nothing_can_be_written() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-writing");
    let _ = fs::remove_dir_all(&folder);
    let class = folder.join("entregas/ana");
    fs::create_dir_all(&class).expect("make a folder");
    fs::write(class.join("run"), "exit 3\n").expect("write");
    let file = folder.join("ficheiro");
    fs::write(&file, "").expect("write");
    let inside = file.join("pasta");
    let inside = inside.to_str().expect("text");
    let class = folder.join("entregas");
    let class = class.to_str().expect("text");
    for (arguments, status, says) in [
        (
            &["check", "1", "--", "false", "{addr}"][..],
            1,
            "O resultado não ficou guardado para progress: ",
        ),
        (
            &["hint", "1"],
            0,
            "\nA seguinte: cargo run -p lab -- hint lab_",
        ),
        (&["hint", "1"], 0, "lab_sensor_tcp 2\n"),
        (&["progress"], 0, "lab_sensor_tcp             por começar"),
        (
            &["check", "1"],
            1,
            "Copie a pasta do projeto para outro sítio, ou diga ao cargo onde \
             pode escrever: CARGO_TARGET_DIR=PASTA",
        ),
        (
            &["start", "1", "--language", "python", inside],
            1,
            "não se pode escrever: ",
        ),
        (
            &["grade", "1", class, "--output", inside],
            1,
            "Indique outra pasta: --output PASTA",
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_lab"))
            .args(arguments)
            .env("LAB_NOTEBOOK", inside)
            .env("CARGO_TARGET_DIR", inside)
            .output()
            .expect("run the checker");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        let said = stdout(&output) + &errors;
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
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
        "\n  CMake (parte 4, MQTT: compilar o cliente Paho)\n  $ sudo ",
        "\n  compilador de C (tudo)\n  $ sudo ",
        "\n  curl (os testes da parte 2)\n  $ sudo ",
        "\n  nc (os testes da parte 1)\n  $ sudo ",
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
    use std::time::{Duration, Instant, SystemTime};

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

    /// What the program itself writes is no change; and neither a file from
    /// the future nor one that goes back to what it was hides any.
    #[test]
    fn watch_sees_the_changes_that_count() {
        let folder = folder("watch_own");
        let script = |code| {
            let text = format!("echo x >> log; exit {code}\n");
            fs::write(folder.join("run"), text).expect("write");
        };
        script(3);
        let old = folder.join("notes");
        fs::write(&old, "a").expect("write");
        let future = SystemTime::now() + Duration::from_secs(200_000);
        let file = fs::File::options().write(true).open(&old).expect("open");
        file.set_modified(future).expect("set the time");
        let mut checker = start("watch", &folder);
        let lines = lines(checker.stdout.take().expect("its stdout"));
        // The log is taken for a change once.
        for _ in 0..2 {
            wait_for(&lines, "com o código 3, antes de escutar");
            wait_for(&lines, "À espera de uma alteração");
        }
        let more = lines.recv_timeout(Duration::from_secs(2));
        assert!(more.is_err(), "{more:?}");
        script(4);
        wait_for(&lines, "com o código 4, antes de escutar");
        wait_for(&lines, "À espera de uma alteração");
        let past = SystemTime::now() - Duration::from_secs(200_000);
        file.set_modified(past).expect("set the time");
        wait_for(&lines, "com o código 4, antes de escutar");
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
