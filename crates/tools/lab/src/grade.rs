//! One lab over a folder of submissions: a table, a JUnit file, and the log of
//! each.

use std::env::consts::EXE_EXTENSION;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use programs::Setup;
use serde_json::Value;

use crate::arguments::Grading;
use crate::check::Lab;
use crate::program::{ADDRESS, Launch};
use crate::report;
use crate::run::{self, Checked, Until, Verdict, Which};
use crate::terminal::{Style, say};

/// The longest that the compiler may take for one submission, and then its last
/// words.
const BUILD_LIMIT: Duration = Duration::from_secs(300);
const OUTPUT_LIMIT: Duration = Duration::from_secs(5);

/// One submission, and what came of it.
struct Graded {
    name: String,
    /// The checks; or why there are none.
    outcome: Result<Vec<Checked>, String>,
}

impl Graded {
    fn count(&self, word: &str) -> usize {
        let all = self.outcome.iter().flatten();
        all.filter(|checked| checked.word() == word).count()
    }

    fn passed(&self, lab: &Lab) -> bool {
        self.count("passed") == lab.checks.len()
    }
}

/// Whether all submissions pass.
///
/// # Errors
/// Where the folder cannot be read or the results cannot be written: why.
pub fn grade(options: &Grading) -> Result<bool, String> {
    let folder = options.folder.display();
    if !options.folder.is_dir() {
        return Err(format!("Não há nenhuma pasta «{folder}»."));
    }
    all_of(options)
        .map_err(|error| format!("Os resultados não ficaram escritos: {error}"))
}

fn all_of(options: &Grading) -> io::Result<bool> {
    let names = submissions(&options.folder)?;
    fs::create_dir_all(options.output.join("registos"))?;
    say(
        "Atenção: as entregas correm tal como são, com as permissões de quem \
         corre isto.\nNão há nenhuma sandbox: use uma conta ou uma máquina \
         que se possa perder.\n\n",
    );

    let width = names.iter().map(|name| name.chars().count()).max();
    let (width, total) = (width.unwrap_or(0), options.lab.checks.len());
    let next = AtomicUsize::new(0);
    let graded = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..options.jobs {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(name) = names.get(index) else {
                        return;
                    };
                    let one = submission(options, name);
                    say(&match &one.outcome {
                        Ok(_) => {
                            let passed = one.count("passed");
                            format!("{name:width$}  {passed:2} de {total}\n")
                        }
                        Err(why) => format!("{name:width$}  {why}\n"),
                    });
                    let mut all =
                        graded.lock().unwrap_or_else(PoisonError::into_inner);
                    all.push((index, one));
                }
            });
        }
    });
    let mut graded =
        graded.into_inner().unwrap_or_else(PoisonError::into_inner);
    graded.sort_by_key(|(index, _)| *index);
    let graded: Vec<Graded> = graded.into_iter().map(|(_, one)| one).collect();

    fs::write(options.output.join("notas.csv"), csv(options.lab, &graded))?;
    fs::write(options.output.join("junit.xml"), junit(options, &graded))?;
    say(&format!(
        "\n{} entregas: {1}/notas.csv, {1}/junit.xml e {1}/registos\n",
        graded.len(),
        options.output.display()
    ));
    Ok(graded.iter().all(|one| one.passed(options.lab)))
}

/// The subfolders, in order.
fn submissions(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Checks one submission, whatever happens, and writes its log.
fn submission(options: &Grading, name: &str) -> Graded {
    let outcome = thread::scope(|scope| {
        let checking = scope.spawn(|| {
            let launch = launch(options, name)?;
            let (lab, seed) = (options.lab, options.seed);
            let which = Which {
                only: None,
                until: Until::End,
            };
            Ok(run::run(lab, &launch, seed, which, |_, _| {}, |_| {}))
        });
        // A mistake of the checker's own is one submission's matter, too.
        checking
            .join()
            .unwrap_or_else(|_| Err("o verificador falhou".to_string()))
    });
    let log = match &outcome {
        Ok(all) => log(options, all),
        Err(why) => format!("{why}\n"),
    };
    let path = options.output.join("registos").join(format!("{name}.txt"));
    let outcome = match fs::write(path, log) {
        Ok(()) => outcome,
        Err(error) => Err(format!("o registo não ficou escrito: {error}")),
    };
    Graded {
        name: name.to_string(),
        outcome,
    }
}

/// What a student would have seen.
fn log(options: &Grading, all: &[Checked]) -> String {
    let mut log = report::heading(options.lab, options.seed, Style::PLAIN);
    log.push('\n');
    for checked in all {
        log.push_str(&report::line(checked, Style::PLAIN));
    }
    log.push_str(&report::failures(all, Style::PLAIN));
    log.push_str(&report::summary(options.lab, all, Style::PLAIN));
    log
}

/// How a submission is run: by its `run` file, or as a Cargo project.
fn launch(options: &Grading, name: &str) -> Result<Launch, String> {
    let unreadable = |error: io::Error| format!("não se lê: {error}");
    let folder = options.folder.join(name);
    let folder = folder.canonicalize().map_err(unreadable)?;
    for name in ["run", "run.bat", "run.cmd", "run.exe"] {
        let run = folder.join(name);
        if run.is_file() {
            return launch_of_run(&run, folder).map_err(unreadable);
        }
    }
    if folder.join("Cargo.toml").is_file() {
        let program = build(options, name, &folder)?;
        let mut launch = Launch::of_program(program);
        launch.folder = Some(folder);
        return Ok(launch);
    }
    Err("não tem um ficheiro «run» nem um Cargo.toml".to_string())
}

/// A script is given to the interpreter in its first line by hand: archives
/// lose the permission to execute, and Windows never had it. Without such a
/// line it is the shell's.
fn launch_of_run(run: &Path, folder: PathBuf) -> io::Result<Launch> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let mut head = Vec::new();
    File::open(run)?.take(200).read_to_end(&mut head)?;
    let head = head.strip_prefix(MARK).unwrap_or(&head);
    let mut launch = Launch::of_program(run);
    launch.folder = Some(folder);
    if cfg!(windows) && run.extension().is_some() || is_binary(head) {
        return Ok(launch);
    }
    let first = String::from_utf8_lossy(head);
    let first = first.lines().next().unwrap_or_default();
    let words = first.strip_prefix("#!").unwrap_or("sh");
    let mut words = words.split_whitespace().peekable();
    let mut program = words.next().unwrap_or("sh");
    if Path::new(program)
        .file_name()
        .is_some_and(|name| name == "env")
    {
        // What `env` does: an option that splits its argument, or none.
        words.next_if_eq(&"-S");
        program = words.next().unwrap_or("sh");
    }
    launch.program = program.into();
    launch.arguments = words.map(OsString::from).collect();
    launch.arguments.push(run.into());
    launch.arguments.push(ADDRESS.into());
    Ok(launch)
}

/// Whether a file that begins like this is a program of the machine's own.
fn is_binary(head: &[u8]) -> bool {
    const KINDS: [&[u8]; 4] =
        [b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"MZ"];
    KINDS.iter().any(|kind| head.starts_with(kind))
}

/// Builds a Cargo project; a lab's crate, which takes its versions from this
/// workspace, inside a workspace of its own that has the same ones.
fn build(
    options: &Grading,
    name: &str,
    folder: &Path,
) -> Result<PathBuf, String> {
    // One at a time, in one target folder: what the submissions have in common
    // is compiled once.
    static BUILDING: Mutex<()> = Mutex::new(());
    let _building = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);

    let trouble = |error: io::Error| format!("não se prepara: {error}");
    let place = options.output.join("compilar").join(format!("_{name}"));
    fs::create_dir_all(&place).map_err(trouble)?;
    let place = place.canonicalize().map_err(trouble)?;
    let manifest = fs::read_to_string(folder.join("Cargo.toml"));
    let manifest = manifest.map_err(trouble)?;
    let project = if manifest.contains("workspace = true") {
        adopt(folder, &place).map_err(trouble)?;
        place.join("entrega")
    } else {
        folder.to_path_buf()
    };

    let mut command = programs::cargo();
    command
        .args(["build", "--quiet", "--bins"])
        .arg("--message-format=json-render-diagnostics")
        .env("CARGO_TARGET_DIR", place.with_file_name("target"))
        .current_dir(project);
    let cargo = Setup::new(&mut command).without_input().start();
    let cargo = cargo.map_err(|error| format!("não há cargo: {error}"))?;
    let Ok(status) = cargo.wait(BUILD_LIMIT) else {
        return Err("a compilação não acabou em cinco minutos".to_string());
    };
    cargo.stdout().wait_for_end(OUTPUT_LIMIT);
    cargo.stderr().wait_for_end(OUTPUT_LIMIT);
    if !status.success() {
        let errors = cargo.stderr().text();
        let error = errors.lines().find(|line| line.starts_with("error"));
        let error = error.unwrap_or("sem explicação");
        return Err(format!("não compila: {error}"));
    }
    let built = executable(&cargo.stdout().text())
        .ok_or("não tem nenhum programa".to_string())?;
    // The next one may well have the same name.
    let kept = place.join("programa").with_extension(EXE_EXTENSION);
    fs::copy(built, &kept).map_err(trouble)?;
    Ok(kept)
}

/// The last program that cargo's messages name.
fn executable(messages: &str) -> Option<PathBuf> {
    messages.lines().rev().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message["executable"].as_str()?))
    })
}

/// Copies a submission into a workspace with this one's manifest.
fn adopt(folder: &Path, place: &Path) -> io::Result<()> {
    let root = programs::workspace()?;
    let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
    let crates = format!("path = \"{}/crates/", root.display());
    let manifest = manifest
        .replace("members = [\"crates/*/*\"]", "members = [\"entrega\"]")
        .replace("path = \"crates/", &crates);
    fs::write(place.join("Cargo.toml"), manifest)?;
    fs::copy(root.join("Cargo.lock"), place.join("Cargo.lock"))?;
    copy(folder, &place.join("entrega"))
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if entry.path().is_dir() {
            if name != "target" && name != ".git" {
                copy(&entry.path(), &to.join(name))?;
            }
        } else {
            fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}

/// One line a submission: 1 for each check that passed, 0 for each that
/// failed, nothing for each that was not run.
fn csv(lab: &Lab, graded: &[Graded]) -> String {
    let mut table = "entrega,passaram,falharam,nao_corridas".to_string();
    for check in lab.checks {
        table.push_str(&format!(",{}", check.name));
    }
    table.push_str(",problema\n");
    for one in graded {
        let counts =
            ["passed", "failed", "not_run"].map(|word| one.count(word));
        let [passed, failed, not_run] = counts;
        let name = csv_field(&one.name);
        table.push_str(&format!("{name},{passed},{failed},{not_run}"));
        match &one.outcome {
            Ok(all) => {
                for checked in all {
                    table.push_str(match checked.verdict {
                        Verdict::Passed => ",1",
                        Verdict::Failed(_) => ",0",
                        Verdict::NotRun(_) => ",",
                    });
                }
                table.push_str(",\n");
            }
            Err(why) => {
                table.push_str(&",".repeat(lab.checks.len() + 1));
                table.push_str(&csv_field(why));
                table.push('\n');
            }
        }
    }
    table
}

fn csv_field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_string()
    }
}

fn junit(options: &Grading, graded: &[Graded]) -> String {
    let lab = options.lab;
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
        .to_string();
    for one in graded {
        let name = escaped(&one.name);
        let errors = usize::from(one.outcome.is_err());
        xml.push_str(&format!(
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{}\" \
             errors=\"{errors}\" skipped=\"{}\">\n",
            one.outcome.as_ref().map_or(1, Vec::len),
            one.count("failed"),
            one.count("not_run"),
        ));
        match &one.outcome {
            Ok(all) => {
                for checked in all {
                    xml.push_str(&testcase(lab, checked));
                }
                let log = escaped(&log(options, all));
                xml.push_str(&format!("    <system-out>{log}</system-out>\n"));
            }
            Err(why) => xml.push_str(&format!(
                "    <testcase classname=\"{}\" name=\"preparar\"><error \
                 message=\"{}\"/></testcase>\n",
                lab.name,
                escaped(why)
            )),
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn testcase(lab: &Lab, checked: &Checked) -> String {
    let inner = match &checked.verdict {
        Verdict::Passed => String::new(),
        Verdict::NotRun(why) => {
            format!("<skipped message=\"{}\"/>", escaped(why))
        }
        Verdict::Failed(evidence) => format!(
            "<failure message=\"{}\">{}</failure>",
            escaped(&evidence.failure.what),
            escaped(
                &report::failure(checked, Style::PLAIN).unwrap_or_default()
            )
        ),
    };
    format!(
        "    <testcase classname=\"{}\" name=\"{}\" \
         time=\"{:.3}\">{inner}</testcase>\n",
        lab.name,
        checked.check.name,
        checked.took.as_secs_f64()
    )
}

/// Text for XML, without the characters that XML cannot have.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            control if control.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}
