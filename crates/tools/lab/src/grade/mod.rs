//! One lab over a folder of submissions: a table, a page, a JUnit file, and the
//! log of each. Each result is written as soon as it is there.

mod build;
mod page;
mod points;
mod result;
mod sandbox;
mod submission;
mod tables;

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use programs::{Folder, Program, Setup, say};
use serde_json::{Value, json};

use crate::arguments::Grading;
use crate::brokers::{mqtt, rabbitmq};
use crate::check::Needs;
use crate::random::fresh_seed;
use crate::terminal::{Progress, Style, note};
use points::{Points, shown};
use result::{Graded, write_whole};
use sandbox::Sandbox;
use submission::{Submission, Way};

/// The most that one submission may take, with its checker and its broker.
struct Limits {
    /// Each of its checks has a limit of its own.
    time: Duration,
    /// In bytes.
    memory: u64,
    threads: u64,
}

const LIMITS: Limits = Limits {
    time: Duration::from_secs(30 * 60),
    memory: u64::MAX,
    threads: u64::MAX,
};

/// In a sandbox.
const ISOLATED: Limits = Limits {
    memory: 2 << 30,
    threads: 4096,
    ..LIMITS
};

/// Where the results are written, while a class is graded.
static OUTPUT: OnceLock<PathBuf> = OnceLock::new();

/// Says what is there of a class although its grading ends before its time; of
/// anything else, nothing.
pub fn say_what_stays() {
    if let Some(output) = OUTPUT.get() {
        note(&format!(
            "Interrompido. O que já está verificado fica em {}; o mesmo \
             comando faz o resto.",
            output.display()
        ));
    }
}

/// Why nothing was graded.
pub enum Refusal {
    /// What was asked for cannot be done.
    Usage(String),
    /// Something failed.
    Failed(String),
}

/// What all submissions have in common.
struct Class<'a> {
    options: &'a Grading,
    points: Points,
    seed: u64,
    /// For each checker: where it finds what it needs.
    environment: Vec<(&'static str, OsString)>,
    /// What stands for this checker, these points and this seed.
    version: String,
}

/// Whether all submissions pass.
///
/// # Errors
/// Where there is nothing to be graded, or the results cannot be written.
pub fn grade(options: &Grading) -> Result<bool, Refusal> {
    let submissions = found(options).map_err(Refusal::Usage)?;
    if options.isolate {
        sandbox::works().map_err(Refusal::Failed)?;
    }
    let class = prepared(options)?;
    let style = Style::of_stdout();
    if !options.isolate {
        say(&style.fitted(
            "Atenção: as entregas correm tal como são, com as permissões de \
             quem corre isto.\nNão há nenhuma sandbox: use --isolate, ou uma \
             conta ou uma máquina que se possa perder.\n\n",
            0,
        ));
    }
    let _ = OUTPUT.set(options.output.clone());
    let (graded, unwritten) = class.grades(&submissions);
    let written = class.writes(&graded);
    class.sweeps(&submissions);
    say(&style.fitted(&class.summary(&graded), 2));
    written.map_err(|error| {
        Refusal::Failed(format!(
            "A tabela e a página não ficaram escritas: {error}. O mesmo \
             comando, quando houver onde as escrever, só faz o que falta."
        ))
    })?;
    if unwritten > 0 {
        return Err(Refusal::Failed(format!(
            "Os ficheiros de {unwritten} não ficaram escritos: o mesmo \
             comando verifica-os outra vez."
        )));
    }
    Ok(graded.iter().all(|one| class.passed(one)))
}

/// The submissions in the folder.
fn found(options: &Grading) -> Result<Vec<Submission>, String> {
    let folder = &options.folder;
    let shown = folder.display();
    if !folder.is_dir() {
        return Err(format!("Não há nenhuma pasta «{shown}»."));
    }
    if submission::is_one(folder) {
        return Err(format!(
            "«{shown}» é uma entrega, e não uma pasta de entregas. Indique a \
             pasta de cima, que tem uma subpasta por entrega."
        ));
    }
    let submissions = submission::all(folder)
        .map_err(|error| format!("A pasta «{shown}» não se lê: {error}"))?;
    if submissions.is_empty() {
        return Err(format!(
            "Em «{shown}» não há entregas: cada uma é uma subpasta."
        ));
    }
    Ok(submissions)
}

fn prepared(options: &Grading) -> Result<Class<'_>, Refusal> {
    let lab = options.lab;
    let points = match &options.points {
        None => Points::equal(lab),
        Some(file) => {
            let text = fs::read_to_string(file).map_err(|error| {
                Refusal::Usage(format!("{}: {error}", file.display()))
            })?;
            Points::read(lab, &text).map_err(|what| {
                Refusal::Usage(format!("{}: {what}", file.display()))
            })?
        }
    };
    let failed = |error: io::Error| {
        let folder = options.output.display();
        Refusal::Failed(format!(
            "Não se pode escrever em {folder}: {error}. Indique outra pasta: \
             --output PASTA"
        ))
    };
    for inner in ["registos", "resultados"] {
        fs::create_dir_all(options.output.join(inner)).map_err(failed)?;
    }
    let mut environment = Vec::new();
    match lab.needs {
        Needs::Nothing => {}
        Needs::MqttBroker => {
            let program = mqtt::program().map_err(Refusal::Failed)?;
            environment.push((mqtt::GIVEN, program.into_os_string()));
        }
        // In a sandbox, no other can be reached: each has its own.
        Needs::RabbitMq if options.isolate => {}
        Needs::RabbitMq => {
            let page = rabbitmq::page().map_err(Refusal::Failed)?;
            environment.push((rabbitmq::GIVEN, page.into()));
        }
    }
    // All of a class get the same, today and when one comes later.
    let path = options.output.join("resultados/semente.json");
    let kept: Option<Value> = fs::read_to_string(&path)
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok());
    let kept = kept.filter(|kept| kept["lab"] == lab.name);
    let kept = kept.and_then(|kept| kept["seed"].as_u64());
    let seed = options.seed.or(kept).unwrap_or_else(fresh_seed);
    let text = json!({ "lab": lab.name, "seed": seed }).to_string();
    write_whole(&path, &text).map_err(failed)?;

    let mut hasher = DefaultHasher::new();
    (lab.name, seed, options.isolate).hash(&mut hasher);
    if let Ok(about) = env::current_exe().and_then(fs::metadata) {
        (about.len(), about.modified().ok()).hash(&mut hasher);
    }
    Ok(Class {
        options,
        points,
        seed,
        environment,
        version: format!("{:016x}", hasher.finish()),
    })
}

impl Class<'_> {
    fn passed(&self, one: &Graded) -> bool {
        one.count("passed") == self.options.lab.checks.len()
    }

    fn kept_at(&self, submission: &Submission) -> PathBuf {
        let name = format!("{}.json", submission.key);
        self.options.output.join("resultados").join(name)
    }

    fn log_at(&self, key: &str) -> PathBuf {
        let name = format!("{key}.txt");
        self.options.output.join("registos").join(name)
    }

    /// Grades all that are not graded yet, and tells of each in their order;
    /// and of how many the files could not be written.
    fn grades(&self, submissions: &[Submission]) -> (Vec<Graded>, usize) {
        let prints: Vec<String> = submissions
            .iter()
            .map(|one| format!("{}-{}", self.version, one.fingerprint()))
            .collect();
        let kept: Vec<Option<Graded>> = submissions
            .iter()
            .zip(&prints)
            .map(|(one, print)| Graded::read(&self.kept_at(one), print))
            .map(|kept| {
                let again = self.options.only_failed;
                kept.filter(|kept| !again || self.passed(kept))
            })
            .collect();
        let mut left: Vec<usize> = (0..submissions.len())
            .filter(|index| kept[*index].is_none())
            .collect();
        // Who was being graded when this was last ended comes last: it may be
        // why.
        let begun = |index: &usize| self.begun_at(&submissions[*index]);
        left.sort_by_key(|index| begun(index).exists());

        let (next, running) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let unwritten = AtomicUsize::new(0);
        let (tell, told) = channel();
        let graded = thread::scope(|scope| {
            for _ in 0..self.options.jobs {
                let (tell, left) = (tell.clone(), &left);
                let (next, running, prints) = (&next, &running, &prints);
                let unwritten = &unwritten;
                scope.spawn(move || {
                    loop {
                        let place = next.fetch_add(1, Ordering::Relaxed);
                        let Some(index) = left.get(place) else {
                            return;
                        };
                        let one = &submissions[*index];
                        lock(running).push(one.name.clone());
                        let (graded, written) =
                            self.grades_one(one, &prints[*index]);
                        if let Err(error) = written {
                            unwritten.fetch_add(1, Ordering::Relaxed);
                            note(&format!(
                                "Os ficheiros de {} não ficaram escritos: \
                                 {error}",
                                one.name
                            ));
                        }
                        lock(running).retain(|name| *name != one.name);
                        let _ = tell.send((*index, graded));
                    }
                });
            }
            drop(tell);
            self.tells(submissions, kept, &told, &running)
        });
        (graded, unwritten.into_inner())
    }

    /// Tells of each result in the order of the submissions, as soon as those
    /// before it are there.
    fn tells(
        &self,
        submissions: &[Submission],
        kept: Vec<Option<Graded>>,
        told: &Receiver<(usize, Graded)>,
        running: &Mutex<Vec<String>>,
    ) -> Vec<Graded> {
        let total = submissions.len();
        let progress = Progress::new(Style::of_stdout(), total);
        let width = submissions.iter().map(|one| one.name.chars().count());
        let width = width.max().unwrap_or(0);
        let mut waiting: BTreeMap<usize, (Graded, bool)> = BTreeMap::new();
        for (index, kept) in kept.into_iter().enumerate() {
            if let Some(kept) = kept {
                waiting.insert(index, (kept, true));
            }
        }
        let mut graded: Vec<Graded> = Vec::new();
        loop {
            let mut more = false;
            while let Some((one, old)) = waiting.remove(&graded.len()) {
                progress.clear();
                say(&self.line(&one, width, old));
                graded.push(one);
                more = true;
            }
            if graded.len() == total {
                return graded;
            }
            if more && let Err(error) = self.writes(&graded) {
                note(&format!("A tabela não ficou escrita: {error}"));
            }
            let now = lock(running).join(", ");
            progress.show(graded.len() + waiting.len(), &now);
            match told.recv_timeout(Duration::from_millis(500)) {
                Ok((index, one)) => {
                    waiting.insert(index, (one, false));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return graded,
            }
        }
    }

    fn line(&self, one: &Graded, width: usize, old: bool) -> String {
        let total = self.options.lab.checks.len();
        let name = &one.name;
        let mut line = match &one.outcome {
            Ok(_) => {
                format!("{name:width$}  {:2} de {total}", one.count("passed"))
            }
            Err((why, _)) => format!("{name:width$}  {why}"),
        };
        let problem = one.problem();
        if one.outcome.is_ok() && !problem.is_empty() {
            line += &format!("  {problem}");
        }
        if old {
            line += "  (de antes)";
        }
        line + "\n"
    }

    /// A file that is there while a submission is graded.
    fn begun_at(&self, submission: &Submission) -> PathBuf {
        self.kept_at(submission).with_extension("a_correr")
    }

    /// Grades one submission, whatever happens, and writes what came of it,
    /// where that can be written.
    fn grades_one(
        &self,
        submission: &Submission,
        print: &str,
    ) -> (Graded, io::Result<()>) {
        let begun = self.begun_at(submission);
        let _ = fs::write(&begun, "");
        let outcome = self.checks(submission);
        let graded = Graded {
            entry: submission.entry.clone(),
            name: submission.name.clone(),
            key: submission.key.clone(),
            outcome,
        };
        let log = write_whole(&self.log_at(&graded.key), &graded.log());
        let kept = graded.write(&self.kept_at(submission), print);
        let _ = fs::remove_file(&begun);
        (graded, log.and(kept))
    }

    /// Has a checker of its own check it, so that whatever it does to its
    /// parent is done to that one.
    fn checks(
        &self,
        submission: &Submission,
    ) -> Result<Value, (String, String)> {
        let alone = |why: String| (why.clone(), format!("{why}\n"));
        let (program, arguments, folder) =
            match submission.way().map_err(alone)? {
                Way::Run(launch) => {
                    (launch.program, launch.arguments, launch.folder)
                }
                Way::Cargo(folder) => {
                    let place = self.options.output.join("compilar");
                    let place = place.join(format!("_{}", submission.key));
                    let isolate = self.options.isolate;
                    let program = build::build(&folder, &place, isolate)?;
                    let address = crate::program::ADDRESS.into();
                    (program.into_os_string(), vec![address], Some(folder))
                }
            };
        let failed =
            |error: io::Error| alone(format!("não se verifica: {error}"));
        let notebook = Folder::new("lab-grade").map_err(failed)?;
        let folder = folder.unwrap_or_default();
        let mut command = if self.options.isolate {
            self.isolated(submission, &folder, Path::new(&program))
        } else {
            env::current_exe().map(Command::new)
        }
        .map_err(failed)?;
        command
            .args(["check", self.options.lab.name, "--json", "--all"])
            .args(["--seed", &self.seed.to_string(), "--"])
            .arg(program)
            .args(arguments);
        if !self.options.isolate {
            command
                .current_dir(folder)
                .env("LAB_NOTEBOOK", notebook.path())
                .envs(self.environment.iter().map(|(name, to)| (name, to)));
        }
        let checker = Setup::new(&mut command).without_input().start();
        let checker = checker.map_err(failed)?;
        let limits = if self.options.isolate {
            ISOLATED
        } else {
            LIMITS
        };
        waits_for(&checker, &limits).map_err(alone)?;
        checker.stdout().wait_for_end(Duration::from_secs(5));
        let said = serde_json::from_slice(&checker.stdout().bytes());
        said.map_err(|_| {
            let mut log = "O verificador foi terminado a meio, ou falhou. \
                           Disse:\n"
                .to_string();
            log += &checker.stderr().text();
            ("o verificador foi terminado a meio".to_string(), log)
        })
    }

    /// A checker in a sandbox with a submission, of which `program` is what it
    /// will start.
    fn isolated(
        &self,
        submission: &Submission,
        folder: &Path,
        program: &Path,
    ) -> io::Result<Command> {
        let mut sandbox = Sandbox::new();
        for (name, value) in &self.environment {
            sandbox = sandbox.with(name, value).showing(Path::new(value));
        }
        // What cargo has built.
        let submission = submission.folder.canonicalize()?;
        if program.is_absolute() && !program.starts_with(&submission) {
            sandbox = sandbox.showing(program);
        }
        sandbox.checker(&submission, folder)
    }

    /// Writes what is known of the class so far.
    fn writes(&self, graded: &[Graded]) -> io::Result<()> {
        let (lab, output) = (self.options.lab, &self.options.output);
        let csv = tables::csv(lab, &self.points, graded);
        write_whole(&output.join("notas.csv"), &csv)?;
        let junit = tables::junit(lab, graded);
        write_whole(&output.join("junit.xml"), &junit)?;
        let page = page::page(lab, self.seed, &self.points, graded);
        write_whole(&output.join("index.html"), &page)
    }

    /// Removes what is left of submissions that are not there any more.
    fn sweeps(&self, submissions: &[Submission]) {
        for (folder, kind) in [("registos", "txt"), ("resultados", "json")] {
            let folder = self.options.output.join(folder);
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            for path in entries.map(|entry| entry.path()) {
                let name = path.file_name().unwrap_or_default();
                let is_of = |key: &str| *name == *format!("{key}.{kind}");
                if !is_of("semente")
                    && !submissions.iter().any(|one| is_of(&one.key))
                {
                    let _ = fs::remove_file(path);
                }
            }
        }
    }

    /// How the class did, check by check, and where it is written.
    fn summary(&self, graded: &[Graded]) -> String {
        let lab = self.options.lab;
        let passed = graded.iter().filter(|one| self.passed(one)).count();
        let total: f64 =
            graded.iter().map(|one| one.points(&self.points)).sum();
        let mean = total / graded.len().max(1) as f64;
        let mut text = format!(
            "\n{} entregas; {passed} passam tudo; média {} de {} pontos.\n",
            graded.len(),
            shown(mean),
            shown(self.points.total())
        );
        let mut failing: Vec<(usize, usize)> = (1..=lab.checks.len())
            .map(|number| (tables::failed(graded, number), number))
            .filter(|(count, _)| *count > 0)
            .collect();
        failing.sort_by_key(|(count, number)| (usize::MAX - count, *number));
        if !failing.is_empty() {
            text += "\nQuantas falharam em cada verificação:\n";
        }
        for (count, number) in failing {
            let about = lab.checks[number - 1].about;
            text += &format!("  {count:3}  {number:2} {about}\n");
        }
        let output = self.options.output.display();
        text + &format!(
            "\nTudo em {output}: index.html, notas.csv, junit.xml, registos\n"
        )
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a checker.
///
/// # Errors
/// Where it takes more than it may: what.
fn waits_for(checker: &Program, limits: &Limits) -> Result<(), String> {
    let start = Instant::now();
    while checker.wait(Duration::from_millis(500)).is_err() {
        if start.elapsed() > limits.time {
            let minutes = limits.time.as_secs() / 60;
            return Err(format!("não acabou em {minutes} minutos"));
        }
        let usage = checker.usage().unwrap_or_default();
        if usage.memory > limits.memory {
            return Err("encheu a memória".to_string());
        }
        if usage.threads > limits.threads {
            return Err("iniciou milhares de processos".to_string());
        }
    }
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// What a script in a sandbox comes to with these limits; outside, where
    /// there can be none.
    fn waited_for(script: &str, limits: &Limits) -> Result<(), String> {
        let mut command = match sandbox::works() {
            Ok(()) => Sandbox::new().command("/bin/sh"),
            Err(_) => std::process::Command::new("/bin/sh"),
        };
        command.args(["-c", script]);
        let setup = Setup::new(&mut command).without_input();
        waits_for(&setup.start().expect("it starts"), limits)
    }

    #[test]
    fn what_takes_more_than_it_may_is_ended() {
        let few = Limits {
            memory: 64 << 20,
            threads: 20,
            ..LIMITS
        };
        let quick = Limits {
            time: Duration::ZERO,
            ..LIMITS
        };
        let eats = "x=$(head -c 100000000 /dev/zero | tr '\\0' x); sleep 60";
        // In sessions of their own, as those who want to stay do it.
        let forks = "for n in $(seq 30); do setsid sleep 60 & done; wait";
        for (script, limits, comes_to) in [
            ("sleep 1", &few, Ok(())),
            (eats, &few, Err("encheu a memória")),
            (forks, &few, Err("iniciou milhares de processos")),
            ("sleep 60", &quick, Err("não acabou em 0 minutos")),
        ] {
            let comes_to = comes_to.map_err(str::to_string);
            assert_eq!(waited_for(script, limits), comes_to, "{script}");
        }
    }
}
