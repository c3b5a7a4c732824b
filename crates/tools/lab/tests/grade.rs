//! A class of submissions, with some of the worst.
#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

/// Files of a submission.
fn submit(folder: &Path, name: impl AsRef<Path>, files: &[(&str, &str)]) {
    for (file, text) in files {
        let path = folder.join(&name).join(file);
        let parent = path.parent().expect("a folder");
        fs::create_dir_all(parent).expect("make a folder");
        fs::write(path, text).expect("write a file");
    }
}

fn new_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("make a folder");
    folder
}

fn grade(folder: &Path, output: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(["grade", "lab_sensor_tcp"])
        .arg(folder)
        .arg("--output")
        .arg(output)
        .args(more)
        .output()
        .expect("run the checker")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A lab's files.
fn read(path: &str) -> String {
    let lab = testkit::workspace().join("crates/labs/lab_sensor_tcp");
    fs::read_to_string(lab.join(path)).expect("read")
}

#[test]
fn one_bad_submission_does_not_stop_the_rest() {
    let folder = new_folder("grade");
    let (entries, output) = (folder.join("entregas"), folder.join("notas"));
    let manifest = read("Cargo.toml");
    let solution = read("examples/lab_sensor_tcp_solution.rs");
    let python = read("corpus/solution.py");

    // No permission to execute, a line that ends as on Windows, a file beside.
    let run = "#!/usr/bin/env python3\r\nimport solution\nsolution.main()\n";
    submit(
        &entries,
        "ana; em Python_123_assignsubmission_file_",
        &[("run", run), ("solution.py", &python)],
    );
    // One folder deeper, beside what macOS puts into archives.
    submit(
        &entries,
        "bruno",
        &[
            ("trabalho/Cargo.toml", &manifest),
            ("trabalho/src/main.rs", &solution),
            ("__MACOSX/trabalho/run", "x"),
        ],
    );
    submit(
        &entries,
        "carla_nao_compila",
        &[
            ("Cargo.toml", &manifest),
            ("src/main.rs", "fn main() { x }"),
        ],
    );
    submit(&entries, "duarte_vazio", &[("trabalho.zip", "PK")]);
    submit(
        &entries,
        "eva_pendura",
        &[("run", "#!/bin/sh\nsleep 600 & echo '<&>'; sleep 600\n")],
    );
    submit(&entries, "filipe_termina", &[("run", "exit 3\n")]);
    submit(&entries, "graça_sem_programa", &[("run", "#!/bin/nada\n")]);
    submit(
        &entries,
        "hugo_mata",
        &[("run", "#!/bin/sh\nkill -9 $PPID; sleep 600\n")],
    );
    // A name that is no text, a pipe that has no end, and a link round itself.
    let latin = OsStr::from_bytes(b"jo\xe3o");
    submit(&entries, latin, &[("leia-me.txt", "não fiz")]);
    let pipe = entries.join(latin).join("run");
    let made = Command::new("mkfifo").arg(pipe).status();
    assert!(made.expect("run mkfifo").success());
    symlink("..", entries.join(latin).join("volta")).expect("a link");
    submit(&entries, "__MACOSX", &[("run", "exit 0\n")]);
    let points = folder.join("pontos");
    fs::write(&points, "set_get = 2\nerrors 1,5\n3 4\n").expect("write");
    let points = points.to_str().expect("text");

    let more = ["--seed", "7", "--jobs", "3", "--points", points];
    let graded = grade(&entries, &output, &more);
    let all = said(&graded);
    assert_eq!(graded.status.code(), Some(1), "{all}");
    assert!(all.contains("Não há nenhuma sandbox"), "{all}");
    // In their order, whoever was done first; and what most have failed.
    let places = ["ana; em Python ", "bruno ", "eva_pendura ", "hugo_mata "]
        .map(|name| all.find(&format!("\n{name}")).expect(name));
    assert!(places.is_sorted(), "{all}");
    assert!(all.contains("9 entregas; 2 passam tudo; média 1,67 de 7,5"));
    assert!(all.contains("    3   1 SET guarda um valor"), "{all}");

    let table = fs::read_to_string(output.join("notas.csv")).expect("a table");
    let passed = "7,5;11;0;0;2;1,5;4;0;0;0;0;0;0;0;0;";
    let failed = "0;0;1;10;0;;;;;;;;;;;1: ";
    let none = "0;0;0;0;;;;;;;;;;;;";
    let head = "\u{feff}entrega;nome;pontos;passaram;falharam;nao_corridas;\
                set_get;errors;pieces;joined;half_close;not_text;many_clients;\
                reset;endless_line;never_reads;ctrl_c;problema";
    let carla = "carla_nao_compila";
    let lines: Vec<&str> = table.split_terminator("\r\n").collect();
    assert_eq!(
        lines,
        [
            head,
            &format!(
                "\"ana; em Python_123_assignsubmission_file_\";\"ana; em \
                 Python\";{passed}"
            ),
            &format!("bruno;bruno;{passed}"),
            &format!(
                "{carla};{carla};{none}não compila: error[E0425]: cannot find \
                 value `x` in this scope"
            ),
            &format!(
                "duarte_vazio;duarte_vazio;{none}falta descomprimir \
                 «trabalho.zip»"
            ),
            &format!("eva_pendura;eva_pendura;{failed}nunca escutou"),
            &format!(
                "filipe_termina;filipe_termina;{failed}o programa terminou"
            ),
            &format!(
                "graça_sem_programa;graça_sem_programa;{failed}não se consegue \
                 iniciar"
            ),
            &format!(
                "hugo_mata;hugo_mata;{none}o verificador foi terminado a meio"
            ),
            &format!(
                "jo\u{fffd}o;jo\u{fffd}o;{none}não tem um ficheiro «run» nem um \
                 Cargo.toml"
            ),
            "falharam nela;;;;;;3;0;0;0;0;0;0;0;0;0;0;",
        ]
    );

    let log = |name: &str| {
        let path = output.join("registos").join(format!("{name}.txt"));
        fs::read_to_string(path).expect("a log")
    };
    assert!(log("bruno").contains("11 de 11"));
    assert!(log(carla).contains("src/main.rs:1:13"), "{}", log(carla));
    assert!(log("eva_pendura").contains("ninguém escuta"));
    assert!(log("filipe_termina").contains("com o código 3, antes de escutar"));
    let graca = log("graça_sem_programa");
    assert!(graca.contains("Não existe nenhum «/bin/nada»"), "{graca}");
    let page = fs::read_to_string(output.join("index.html")).expect("a page");
    assert!(page.contains("<title>lab_sensor_tcp: notas</title>"));
    assert!(page.contains("com o código 3, antes de escutar"));
    assert!(page.contains("&lt;&amp;&gt;") && !page.contains("<&>"));

    // Python's own parser reads the JUnit file.
    let count = "import sys, xml.etree.ElementTree as tree\n\
                 root = tree.parse(sys.argv[1]).getroot()\n\
                 for s in root: print(s.get('name')[:9], s.get('tests'), \
                 s.get('failures'), s.get('errors'), s.get('skipped'), \
                 len(s.findall('testcase')))";
    let counted = Command::new("python3")
        .args(["-c", count])
        .arg(output.join("junit.xml"))
        .output()
        .expect("run Python");
    let counted = said(&counted);
    let counted: Vec<&str> = counted.lines().collect();
    assert_eq!(
        counted,
        [
            "ana; em P 11 0 0 0 11",
            "bruno 11 0 0 0 11",
            "carla_nao 1 0 1 0 1",
            "duarte_va 1 0 1 0 1",
            "eva_pendu 11 1 0 10 11",
            "filipe_te 11 1 0 10 11",
            "graça_sem 11 1 0 10 11",
            "hugo_mata 1 0 1 0 1",
            "jo\u{fffd}o 1 0 1 0 1",
        ]
    );
}

/// Only what is new, or changed, or was asked for again; and nothing stays of
/// who has gone.
#[test]
fn the_second_time_does_only_what_is_left() {
    let folder = new_folder("grade_again");
    let (entries, output) = (folder.join("entregas"), folder.join("notas"));
    let count = folder.join("quantas");
    let run = |code| format!("echo x >> {}; exit {code}\n", count.display());
    let runs = || fs::read_to_string(&count).unwrap_or_default().len() / 2;
    submit(&entries, "ana", &[("run", &run(3))]);
    submit(&entries, "rui", &[("run", &run(4))]);
    let first = said(&grade(&entries, &output, &[]));
    assert_eq!(runs(), 2, "{first}");
    let second = said(&grade(&entries, &output, &[]));
    assert_eq!(runs(), 2, "{second}");
    assert_eq!(second.matches("(de antes)").count(), 2, "{second}");

    submit(&entries, "rui", &[("run", &run(5))]);
    submit(&entries, "eva", &[("run", &run(6))]);
    let third = said(&grade(&entries, &output, &[]));
    assert_eq!(runs(), 4, "{third}");
    fs::remove_dir_all(entries.join("eva")).expect("remove");
    let fourth = said(&grade(&entries, &output, &["--only-failed"]));
    assert_eq!(runs(), 6, "{fourth}");
    assert!(!output.join("registos/eva.txt").exists());
    let log = fs::read_to_string(output.join("registos/rui.txt"));
    assert!(log.expect("a log").contains("com o código 5"));
    // Another seed is another exam.
    let fifth = said(&grade(&entries, &output, &["--seed", "9"]));
    assert_eq!(runs(), 8, "{fifth}");
}

/// Waits for what another process does.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(60), "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Ctrl-C in the middle loses nothing that is done, leaves nothing running,
/// and the second run does the rest.
#[test]
fn what_is_done_survives_ctrl_c() {
    let folder = new_folder("grade_ctrl_c");
    let (entries, output) = (folder.join("entregas"), folder.join("notas"));
    let [count, id, open] = ["quantas", "id", "aberto"].map(|f| folder.join(f));
    let runs = || fs::read_to_string(&count).unwrap_or_default();
    let run = |name, then: &str| {
        let text = format!("echo {name} >> {}; {then}\n", count.display());
        submit(&entries, name, &[("run", &text)]);
    };
    run("ana", "exit 3");
    let hangs = format!(
        "[ -e {} ] && exit 4; echo $$ > {1}.new; mv {1}.new {1}; \
         exec sleep 600",
        open.display(),
        id.display()
    );
    run("bruno", &hangs);
    run("carla", "exit 5");
    let mut first = Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(["grade", "lab_sensor_tcp", "--jobs", "1", "--output"])
        .args([&output, &entries])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("run the checker");
    let table = || fs::read_to_string(output.join("notas.csv"));
    let has_ana = || table().is_ok_and(|table| table.contains("\nana;"));
    wait_until("the first is in the table", has_ana);
    wait_until("the second runs", || id.exists());
    let grader = Pid::from_raw(first.id().cast_signed()).expect("a process");
    kill_process(grader, Signal::INT).expect("press Ctrl-C");
    wait_until("the end", || first.try_wait().expect("wait").is_some());
    let first = first.wait_with_output().expect("wait");
    let errors = String::from_utf8_lossy(&first.stderr).into_owned();
    assert_eq!(first.status.code(), Some(130), "{errors}");
    assert!(errors.contains("Interrompido."), "{errors}");
    assert!(errors.contains("o mesmo comando faz o resto"), "{errors}");
    assert!(has_ana(), "{:?}", table());
    let program = fs::read_to_string(&id).expect("a number");
    let program = program.trim().parse().expect("a number");
    let program = Pid::from_raw(program).expect("a process");
    wait_until("its end", || test_kill_process(program).is_err());

    fs::write(&open, "").expect("write");
    let second = grade(&entries, &output, &["--jobs", "1"]);
    let said = said(&second);
    assert_eq!(said.matches("(de antes)").count(), 1, "{said}");
    // Who was being graded comes last.
    assert_eq!(runs(), "ana\nbruno\ncarla\nbruno\n", "{said}");
    let lines = table().expect("a table").lines().count();
    assert_eq!(lines, 5);
}

/// A disk that is full is told, loses neither the table that was there nor a
/// result that is known, and is no failure of a student's.
#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_loses_nothing() {
    let folder = new_folder("grade_full");
    let (entries, output) = (folder.join("entregas"), folder.join("notas"));
    let table = output.join("notas.csv");
    let read = || fs::read_to_string(&table).expect("a table");
    let fills = |file: &str| {
        let part = output.join(format!("{file}.part"));
        symlink("/dev/full", part).expect("a link");
    };
    let again = || {
        let graded = grade(&entries, &output, &["--seed", "7"]);
        let all = said(&graded) + &String::from_utf8_lossy(&graded.stderr);
        assert_eq!(graded.status.code(), Some(1), "{all}");
        all
    };
    let full = "No space left on device";
    let ana = "ana   0 de 11  1: o programa terminou";

    // The table has no room: the one that was there stays.
    submit(&entries, "ana", &[("run", "exit 3\n")]);
    again();
    fs::write(&table, "a de antes").expect("write");
    fills("notas.csv");
    let all = again();
    assert!(all.contains("a página não ficaram escritas: "), "{all}");
    assert!(all.contains(full), "{all}");
    assert_eq!(read(), "a de antes");
    let all = again();
    assert!(all.contains(&format!("{ana}  (de antes)\n")), "{all}");
    assert!(read().contains("\nana;ana;0;0;1;10;"), "{}", read());

    // A result has no room: it is in the table, and is found out again.
    submit(&entries, "rui", &[("run", "exit 4\n")]);
    fills("resultados/rui.json");
    let all = again();
    assert!(
        all.contains("Os ficheiros de rui não ficaram escritos"),
        "{all}"
    );
    assert!(all.contains(full), "{all}");
    assert!(
        all.contains("Os ficheiros de 1 não ficaram escritos"),
        "{all}"
    );
    assert!(read().contains("\nrui;rui;0;0;1;10;"), "{}", read());
    let all = again();
    assert!(all.contains(&format!("{ana}  (de antes)\n")), "{all}");
    assert!(
        all.contains("rui   0 de 11  1: o programa terminou\n"),
        "{all}"
    );
    assert!(!all.contains("não ficaram escritos"), "{all}");
}

/// In its sandbox, a submission works as it does outside; it has nothing of
/// this machine but the system, and no network. Where there can be no sandbox,
/// nothing is run at all.
#[test]
#[cfg(target_os = "linux")]
fn isolated_submissions_have_nothing_of_the_machine() {
    let folder = new_folder("grade_isolated");
    let (entries, output) = (folder.join("entregas"), folder.join("notas"));
    let escaped = folder.join("fugiu");
    // What is built runs while it is built, too.
    submit(
        &entries,
        "ana",
        &[
            (
                "Cargo.toml",
                "[package]\nname = \"ana\"\nversion = \"0.1.0\"\n\
                 edition = \"2024\"\n",
            ),
            ("src/main.rs", &read("examples/lab_sensor_tcp_solution.rs")),
            (
                "build.rs",
                &format!(
                    "fn main() {{ let _ = std::fs::write({escaped:?}, \"\"); }}"
                ),
            ),
        ],
    );
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("listen");
    let address = listener.local_addr().expect("an address");
    let spy = format!(
        "#!/usr/bin/env python3
import os, resource, socket
places = ['{root}', '{entries}/ana', '/home', '/root', '/var', '/etc/shadow']
seen = [place for place in places if os.path.exists(place)]
try:
    seen.append(open('/usr/fugiu', 'w').name)
except OSError:
    pass
try:
    open('{escaped}', 'w')  # gone with the sandbox, where there is such a place
except OSError:
    pass
try:
    seen.append(socket.create_connection(('127.0.0.1', {port}), 5))
except OSError:
    pass
seen += [name for name in os.environ if 'CARGO' in name or 'LAB_' in name]
try:
    seen.append(len(bytearray(3 << 30)))
except MemoryError:
    pass
if resource.getrlimit(resource.RLIMIT_NPROC) != (4096, 4096):
    seen.append('processos')
open('diario', 'w').write('um diário')
print('viu', seen, 'escreveu', open('diario').read())
",
        root = testkit::workspace().join("Cargo.toml").display(),
        entries = entries.display(),
        escaped = escaped.display(),
        port = address.port(),
    );
    submit(&entries, "espia", &[("run", &spy)]);
    let graded = grade(&entries, &output, &["--seed", "7", "--isolate"]);
    let all = said(&graded);
    let errors = String::from_utf8_lossy(&graded.stderr).into_owned();
    assert_eq!(graded.status.code(), Some(1), "{all}{errors}");
    let possible = Command::new("bwrap")
        .args(["--unshare-all", "--ro-bind", "/", "/"])
        .args(["--proc", "/proc", "--dev", "/dev", "true"])
        .output()
        .expect("run bwrap (sudo apt install bubblewrap)");
    if !possible.status.success() {
        assert!(errors.contains("não consegue fazer aqui uma sandbox"));
        assert!(!output.exists(), "{all}");
        return;
    }
    assert!(all.contains("ana    11 de 11\n"), "{all}");
    assert!(!all.contains("Não há nenhuma sandbox"), "{all}");
    assert!(!escaped.exists());
    assert!(!entries.join("espia/diario").exists());
    let log = fs::read_to_string(output.join("registos/espia.txt"));
    let log = log.expect("a log");
    assert!(log.contains("    viu [] escreveu um diário\n"), "{log}");
}

/// Without bubblewrap nothing runs, and the message says how to get it.
#[test]
#[cfg(target_os = "linux")]
fn who_asks_for_a_sandbox_never_gets_none() {
    let folder = new_folder("grade_no_sandbox");
    let (entries, output) = (folder.join("entregas"), folder.join("notas"));
    let ran = folder.join("correu");
    let run = format!("echo > {}\n", ran.display());
    submit(&entries, "ana", &[("run", &run)]);
    let graded = Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(["grade", "1", "--isolate", "--output"])
        .args([&output, &entries])
        .env("PATH", &folder)
        .output()
        .expect("run the checker");
    let errors = String::from_utf8_lossy(&graded.stderr).into_owned();
    assert_eq!(graded.status.code(), Some(1), "{errors}");
    assert!(errors.contains("sudo apt install bubblewrap"), "{errors}");
    assert!(!ran.exists() && !output.exists());
}

/// What the book's workflow for GitHub calls is there: its command, and the
/// files that its other steps take.
#[test]
fn the_books_workflow_works() {
    let page = testkit::workspace().join("docs/grading.md");
    let page = fs::read_to_string(page).expect("the page");
    let (_, workflow) = page.split_once("```yaml\n").expect("a workflow");
    let (workflow, _) = workflow.split_once("\n```\n").expect("its end");
    let folder = new_folder("grade_workflow");
    submit(&folder.join("entregas"), "entrega", &[("run", "exit 3\n")]);
    let inside = folder.join("aula");
    fs::create_dir(&inside).expect("make a folder");
    let (_, command) = workflow.split_once("-p lab -- ").expect("a command");
    let words = command.lines().next().expect("a line").split(' ');
    let graded = Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(words.map(|word| word.replace("\"$LAB\"", "lab_sensor_tcp")))
        .current_dir(inside)
        .output()
        .expect("run the checker");
    assert_eq!(graded.status.code(), Some(1), "{}", said(&graded));
    let files = workflow.split_whitespace();
    let files: Vec<&str> =
        files.filter(|word| word.starts_with("notas/")).collect();
    assert_eq!(files.len(), 4);
    for file in files {
        assert!(folder.join(file).exists(), "{file}");
    }
    let parsed = Command::new(testkit::python())
        .args(["-c", "import sys, yaml; yaml.safe_load(sys.argv[1])"])
        .arg(workflow)
        .output()
        .expect("run Python");
    let errors = String::from_utf8_lossy(&parsed.stderr).into_owned();
    assert!(parsed.status.success(), "{errors}");
}

/// What cannot be graded at all is told so, and is no failure of anybody's.
#[test]
fn refuses_what_is_no_class() {
    let folder = new_folder("grade_refused");
    let output = folder.join("notas");
    let one = folder.join("uma");
    submit(&folder, "uma", &[("run", "exit 0\n")]);
    let empty = folder.join("vazia");
    fs::create_dir(&empty).expect("make a folder");
    let points = folder.join("pontos");
    fs::write(&points, "nada = 1\n").expect("write");
    let points = points.to_str().expect("text");
    for (class, more, says) in [
        (&folder.join("nenhuma"), &[][..], "Não há nenhuma pasta"),
        (&one, &[], "é uma entrega, e não uma pasta de entregas"),
        (&empty, &[], "não há entregas: cada uma é uma subpasta"),
        (
            &folder,
            &["--points", points],
            "não tem a verificação «nada»",
        ),
    ] {
        let refused = grade(class, &output, more);
        let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{says}: {errors}");
        assert!(errors.contains(says), "{says}: {errors}");
    }
}
