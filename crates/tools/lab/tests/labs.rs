//! What checks the checker: solutions pass, in any language and style, the
//! starter fails at once, and each wrong program in a lab's `corpus` fails as
//! it should, word for word.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::thread;

use programs::{Build, Target};
use snapbox::{Assert, Data, Redactions};
use testkit::{RabbitMq, python, workspace};

/// How many checkers of one check run at once: they wait more than they work.
/// One of all checks counts as two.
const AT_ONCE: usize = 12;

const LABS: [&str; 9] = [
    "lab_sensor_tcp",
    "lab_telemetry_udp",
    "lab_hub_async",
    "lab_items_crud",
    "lab_dashboard_ws",
    "lab_thermostat_mqtt",
    "lab_work_queue_rabbitmq",
    "lab_pipeline_zmq",
    "lab_gateway",
];

/// So many places among those that run, until this is dropped.
struct Places(usize);

static FREE: (Mutex<usize>, Condvar) = (Mutex::new(AT_ONCE), Condvar::new());

impl Places {
    fn take(count: usize) -> Places {
        let free = FREE.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = FREE
            .1
            .wait_while(free, |free| *free < count)
            .unwrap_or_else(PoisonError::into_inner);
        *free -= count;
        Places(count)
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        *FREE.0.lock().unwrap_or_else(PoisonError::into_inner) += self.0;
        FREE.1.notify_all();
    }
}

/// The starters, the solutions and the broker, built once.
fn built(name: &str) -> &'static Path {
    static BUILT: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let solutions = LABS.map(|lab| format!("{lab}_solution"));
        let solutions = LABS.iter().zip(&solutions);
        let solutions =
            solutions.map(|(package, name)| Target::Example { package, name });
        let programs = LABS.into_iter().chain(["mqtt_broker"]);
        Build::new(solutions.chain(programs.map(Target::Bin)))
            .as_in_the_whole_workspace()
            .quietly()
            .run()
            .expect("build the labs")
    });
    built.get(name).expect(name)
}

/// Runs the checker, with these options, on a command, with a seed of which all
/// expected outputs are.
fn check(lab: &str, options: &[&str], command: &[&Path]) -> Output {
    let mut checker = Command::new(env!("CARGO_BIN_EXE_lab"));
    checker.args(["check", lab, "--seed", "7"]).args(options);
    checker.arg("--").args(command).arg("{addr}");
    checker.env("LAB_NOTEBOOK", env!("CARGO_TARGET_TMPDIR"));
    checker.env("LAB_MQTT_BROKER", built("mqtt_broker"));
    if lab == "lab_work_queue_rabbitmq" {
        // One for all: each takes its time to start.
        static BROKER: OnceLock<RabbitMq> = OnceLock::new();
        let broker = BROKER.get_or_init(RabbitMq::start_with_page);
        checker.env("LAB_RABBITMQ", broker.page());
    }
    let _places = Places::take(if options.is_empty() { 2 } else { 1 });
    checker
        .current_dir(workspace())
        .output()
        .expect("run the checker")
}

/// The same for a source file, in a language that its name tells.
fn check_source(lab: &str, options: &[&str], source: &Path) -> Output {
    match source.extension().and_then(|kind| kind.to_str()) {
        Some("py") => check(lab, options, &[&python(), source]),
        Some("mjs") => check(lab, options, &[Path::new("node"), source]),
        Some("c") => check(lab, options, &[&compiled(source)]),
        _ => panic!("{}: in what language?", source.display()),
    }
}

fn compiled(source: &Path) -> PathBuf {
    let name = source.file_stem().expect("a name");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let status = Command::new("cc")
        .args(["-O1", "-Wall", "-pthread", "-o"])
        .args([&program, source])
        .status()
        .expect("run cc (sudo apt install gcc libc6-dev)");
    assert!(status.success(), "cc {}", source.display());
    program
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The checker's answer, compared with the one that is stored.
fn assert_output(text: &str, stored: &Path) {
    let text = without_ports(text);
    let expected = Data::read_from(stored, None).raw();
    Assert::new()
        .action_env(snapbox::assert::DEFAULT_ACTION_ENV)
        .redact_with(Redactions::new())
        .eq(text, expected);
}

/// Ports differ from run to run.
fn without_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let mut clean = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let digits = part.find(|c: char| !c.is_ascii_digit());
        // The ports that the sheets talk of stay.
        let (port, rest) = part.split_at(digits.unwrap_or(part.len()));
        let part = match ["65432", "8000", "15672"].contains(&port) {
            true => part.to_string(),
            false => format!("[PORT]{rest}"),
        };
        clean.push_str("127.0.0.1:");
        clean.push_str(&part);
    }
    clean
}

fn assert_passes(output: &Output, what: &Path) {
    let (text, what) = (said(output), what.display());
    assert_eq!(output.status.code(), Some(0), "{what}: {text}");
}

fn starter_fails_at_the_first_check(lab: &str) {
    let output = check(lab, &[], &[built(lab)]);
    assert_eq!(output.status.code(), Some(1));
    let starter = built(lab).to_string_lossy();
    let text = said(&output).replace(&*starter, "[STARTER]");
    assert_output(&text, &corpus(lab).join("starter.txt"));
    assert!(text.contains("\n 1 ✗"), "{text}");
}

fn corpus(lab: &str) -> PathBuf {
    workspace().join("crates/labs").join(lab).join("corpus")
}

/// The sources in a folder; none where there is no folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut sources: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a file").path())
        .filter(|path| {
            let kind = path.extension().and_then(|kind| kind.to_str());
            matches!(kind, Some("py" | "mjs" | "c"))
        })
        .collect();
    sources.sort();
    sources
}

/// The check that finds what is wrong with a program: its first line says which
/// demand of the sheet it breaks, and the name of this check.
fn breaks(source: &Path) -> String {
    let text = fs::read_to_string(source).expect("a program");
    let first = text.lines().next().unwrap_or_default();
    let check = first.split_once(", check ").map(|(_, check)| check);
    let check = check.and_then(|check| check.strip_suffix('.'));
    let source = source.display();
    check
        .unwrap_or_else(|| panic!("{source}: {first}"))
        .to_string()
}

/// Everything there is of a lab, side by side.
fn checks_as_it_should(lab: &str) {
    let solution = built(&format!("{lab}_solution"));
    let in_python = corpus(lab).join("solution.py");
    assert!(in_python.exists(), "{}", in_python.display());
    let right = sources(&corpus(lab).join("right"));
    let wrong = sources(&corpus(lab));
    let wrong = wrong.iter().filter(|source| **source != in_python);
    assert!(wrong.clone().count() >= 4, "few wrong programs");

    let mut jobs: Vec<Box<dyn FnOnce() + Send + '_>> = vec![
        Box::new(|| assert_passes(&check(lab, &[], &[solution]), solution)),
        Box::new(|| starter_fails_at_the_first_check(lab)),
        Box::new(|| {
            assert_passes(&check_source(lab, &[], &in_python), &in_python);
        }),
    ];
    for source in &right {
        jobs.push(Box::new(|| {
            assert_passes(&check_source(lab, &[], source), source);
        }));
    }
    for source in wrong {
        jobs.push(Box::new(|| {
            let only = breaks(source);
            let output = check_source(lab, &["--only", &only], source);
            assert_output(&said(&output), &source.with_extension("txt"));
            assert_eq!(output.status.code(), Some(1));
        }));
    }
    thread::scope(|scope| {
        for job in jobs {
            scope.spawn(job);
        }
    });
}

macro_rules! labs {
    ($($lab:ident)*) => {
        $(#[test]
        fn $lab() {
            checks_as_it_should(stringify!($lab));
        })*

        /// No lab that the checker knows is left out here.
        #[test]
        fn every_lab_is_here() {
            let output = Command::new(env!("CARGO_BIN_EXE_lab"))
                .arg("list")
                .output()
                .expect("run the checker");
            let listed = said(&output);
            let listed: Vec<&str> = listed
                .lines()
                .filter_map(|line| line.split_whitespace().nth(1))
                .collect();
            assert_eq!(listed, [$(stringify!($lab)),*]);
            assert_eq!(listed, LABS);
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
