//! One lab over a folder of submissions: a table, a JUnit file, and the log of
//! each.

use std::env::consts::EXE_EXTENSION;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::labs::Lab;
use crate::processes;
use crate::program::Launch;
use crate::report::{self, Style, say};
use crate::run::{self, Checked, Verdict};
use crate::workspace;

/// The longest that the compiler may take for one submission.
const BUILD_LIMIT: Duration = Duration::from_secs(300);

pub struct Options {
    pub lab: &'static Lab,
    pub folder: PathBuf,
    pub output: PathBuf,
    pub seed: u64,
    pub jobs: usize,
}

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
/// Where the folder cannot be read or the results cannot be written.
pub fn grade(options: &Options) -> io::Result<bool> {
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
fn submission(options: &Options, name: &str) -> Graded {
    let outcome = thread::scope(|scope| {
        let checking = scope.spawn(|| {
            let launch = launch(options, name)?;
            let (lab, seed) = (options.lab, options.seed);
            Ok(run::run(lab, &launch, seed, |_, _| {}, |_, _| {}))
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
fn log(options: &Options, all: &[Checked]) -> String {
    let mut log = report::heading(options.lab, options.seed, Style::PLAIN);
    log.push('\n');
    for (index, checked) in all.iter().enumerate() {
        log.push_str(&report::checked(index, checked, Style::PLAIN));
    }
    log.push_str(&report::summary(options.lab, all, Style::PLAIN));
    log
}

/// How a submission is run: by its `run` file, or as a Cargo project.
fn launch(options: &Options, name: &str) -> Result<Launch, String> {
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
/// lose the permission to execute, and Windows never had it.
fn launch_of_run(run: &Path, folder: PathBuf) -> io::Result<Launch> {
    let mut head = Vec::new();
    File::open(run)?.take(200).read_to_end(&mut head)?;
    let head = String::from_utf8_lossy(&head).into_owned();
    let first = head.lines().next().unwrap_or_default();
    let mut launch = Launch::of_program(run);
    launch.folder = Some(folder);
    if let Some(interpreter) = first.strip_prefix("#!") {
        let mut words = interpreter.split_whitespace();
        let program = match words.next() {
            Some("/usr/bin/env") => words.next(),
            other => other,
        };
        if let Some(program) = program {
            launch.program = program.into();
            launch.arguments = words.map(str::to_string).collect();
            launch.arguments.push(run.to_string_lossy().into_owned());
            launch.arguments.push("{addr}".to_string());
        }
    }
    Ok(launch)
}

/// Builds a Cargo project; a lab's crate, which takes its versions from this
/// workspace, inside a workspace of its own that has the same ones.
fn build(
    options: &Options,
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

    let messages = place.join("cargo.json");
    let errors = place.join("cargo.txt");
    let mut cargo = workspace::cargo();
    cargo
        .args(["build", "--quiet", "--bins"])
        .arg("--message-format=json-render-diagnostics")
        .env("CARGO_TARGET_DIR", place.with_file_name("target"))
        .current_dir(project)
        .stdin(Stdio::null())
        .stdout(File::create(&messages).map_err(trouble)?)
        .stderr(File::create(&errors).map_err(trouble)?);
    processes::lead_a_group(&mut cargo);
    let mark = format!("cargo-{name}");
    let mut child = cargo
        .env(processes::MARK, &mark)
        .spawn()
        .map_err(|error| format!("não há cargo: {error}"))?;
    let id = child.id();
    processes::remember(id, &mark);
    let start = Instant::now();
    let status = loop {
        match child.try_wait().map_err(trouble)? {
            Some(status) => break Some(status),
            None if start.elapsed() > BUILD_LIMIT => break None,
            None => thread::sleep(Duration::from_millis(20)),
        }
    };
    processes::end_all(id, &mark);
    let _ = child.wait();
    processes::forget(id);

    match status {
        None => Err("a compilação não acabou em cinco minutos".to_string()),
        Some(status) if !status.success() => {
            let errors = fs::read_to_string(errors).unwrap_or_default();
            let error = errors.lines().find(|line| line.starts_with("error"));
            Err(format!(
                "não compila: {}",
                error.unwrap_or("sem explicação")
            ))
        }
        Some(_) => {
            let messages = fs::read(messages).map_err(trouble)?;
            let built = workspace::executable(&messages)
                .ok_or("não tem nenhum programa".to_string())?;
            // The next one may well have the same name.
            let kept = place.join("programa").with_extension(EXE_EXTENSION);
            fs::copy(built, &kept).map_err(trouble)?;
            Ok(kept)
        }
    }
}

/// Copies a submission into a workspace with this one's manifest.
fn adopt(folder: &Path, place: &Path) -> io::Result<()> {
    let root = workspace::root();
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

fn junit(options: &Options, graded: &[Graded]) -> String {
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
                for (index, checked) in all.iter().enumerate() {
                    xml.push_str(&testcase(lab, index, checked));
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

fn testcase(lab: &Lab, index: usize, checked: &Checked) -> String {
    let inner = match &checked.verdict {
        Verdict::Passed => String::new(),
        Verdict::NotRun(why) => {
            format!("<skipped message=\"{}\"/>", escaped(why))
        }
        Verdict::Failed(evidence) => format!(
            "<failure message=\"{}\">{}</failure>",
            escaped(&evidence.failure.what),
            escaped(&report::checked(index, checked, Style::PLAIN))
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
