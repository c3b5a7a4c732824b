//! The machine, and the versions: without them a figure means little.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::lessons::workspace;

#[derive(Debug, Deserialize, Serialize)]
pub struct Machine {
    pub processor: String,
    pub cores: usize,
    /// In bytes; 0 where the system does not tell.
    pub memory: u64,
    pub system: String,
    /// The share of the processors' time that other programs used just before
    /// the first claim; none where the system does not tell.
    pub busy: Option<f64>,
}

/// The crates whose speed is measured together with the lessons'.
const CRATES: [&str; 8] = [
    "axum",
    "hyper",
    "lapin",
    "mqtt5",
    "paho-mqtt",
    "tokio",
    "tokio-tungstenite",
    "zmq",
];

impl Machine {
    pub fn this() -> Machine {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Machine {
            processor: processor(),
            cores,
            memory: memory(),
            system: system(),
            busy: busy(),
        }
    }

    /// In one line.
    pub fn text(&self) -> String {
        let cores = match self.cores {
            1 => "1 núcleo".to_string(),
            cores => format!("{cores} núcleos"),
        };
        let memory = match self.memory {
            0 => String::new(),
            bytes => format!(", {:.0} GB", bytes as f64 / 1e9),
        };
        format!("{}, {cores}{memory}, {}", self.processor, self.system)
    }

    /// Whether something else was running that the figures suffer from.
    pub fn was_busy(&self) -> bool {
        self.busy.is_some_and(|share| share > 0.1)
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// What a program prints; nothing, where it does not exist.
fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(workspace().unwrap_or_else(|_| ".".into()))
        .output();
    let output = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).trim().to_string()
}

/// The value after `name` in the lines of a file such as `/proc/cpuinfo`.
fn value(text: &str, name: &str, separator: char) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    let (_, value) = line.split_once(separator)?;
    Some(value.trim().trim_matches('"').to_string())
}

fn processor() -> String {
    value(&read("/proc/cpuinfo"), "model name", ':')
        .or_else(|| std::env::var("PROCESSOR_IDENTIFIER").ok())
        .or_else(|| {
            let said = output("sysctl", &["-n", "machdep.cpu.brand_string"]);
            (!said.is_empty()).then_some(said)
        })
        .unwrap_or_else(|| std::env::consts::ARCH.to_string())
}

fn memory() -> u64 {
    let kib = value(&read("/proc/meminfo"), "MemTotal", ':')
        .and_then(|value| value.strip_suffix(" kB")?.parse::<u64>().ok());
    match kib {
        Some(kib) => kib * 1024,
        None => output("sysctl", &["-n", "hw.memsize"]).parse().unwrap_or(0),
    }
}

fn system() -> String {
    let name = value(&read("/etc/os-release"), "PRETTY_NAME", '=')
        .unwrap_or_else(|| std::env::consts::OS.to_string());
    match read("/proc/sys/kernel/osrelease").trim() {
        "" => name,
        kernel => format!("{name}, Linux {kernel}"),
    }
}

/// Watches the processors for a moment. (Only Linux tells, in this file.)
fn busy() -> Option<f64> {
    let before = times()?;
    thread::sleep(Duration::from_millis(500));
    let after = times()?;
    let (all, idle) = (after.0 - before.0, after.1 - before.1);
    (all > 0).then(|| 1.0 - idle as f64 / all as f64)
}

/// All the time of the processors, and what of it was idle.
fn times() -> Option<(u64, u64)> {
    let times = value(&read("/proc/stat"), "cpu ", ' ')?;
    let times: Vec<u64> = times
        .split_whitespace()
        .map_while(|time| time.parse().ok())
        .collect();
    // The fourth is idle, and the fifth waits for a disk.
    let idle = times.get(3)? + times.get(4)?;
    Some((times.iter().take(8).sum(), idle))
}

/// The versions of the compiler, of the workspace and of its libraries.
pub fn versions() -> BTreeMap<String, String> {
    let mut versions = BTreeMap::new();
    let rustc = output("rustc", &["--version"]);
    let rustc = rustc.split(' ').nth(1).unwrap_or("?");
    versions.insert("rustc".to_string(), rustc.to_string());
    let commit = output("git", &["rev-parse", "--short=12", "HEAD"]);
    let clean = output("git", &["status", "--porcelain"]).is_empty();
    let commit = match (commit.as_str(), clean) {
        ("", _) => "?".to_string(),
        (commit, true) => commit.to_string(),
        (commit, false) => format!("{commit}, com alterações"),
    };
    versions.insert("commit".to_string(), commit);
    let lock = workspace()
        .ok()
        .and_then(|root| fs::read_to_string(root.join("Cargo.lock")).ok())
        .unwrap_or_default();
    for name in CRATES {
        let newest = newest(&lock, name);
        versions.extend(newest.map(|newest| (name.to_string(), newest)));
    }
    versions
}

/// A crate's version in a `Cargo.lock`. Some are there twice, the newest one
/// last, which the lessons use.
fn newest(lock: &str, name: &str) -> Option<String> {
    lock.split("[[package]]")
        .filter(|package| value(package, "name", '=').as_deref() == Some(name))
        .filter_map(|package| value(package, "version", '='))
        .last()
}

/// Today, in UTC: `2025-11-10`.
pub fn today() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    date(now.unwrap_or_default().as_secs() / 86_400)
}

/// The date of a day counted from 1970-01-01 (Howard Hinnant's
/// `civil_from_days`: years begin in March, so that the day that is sometimes
/// there is the last one).
fn date(day: u64) -> String {
    let day = day + 719_468;
    let era = day / 146_097; // 400 years
    let day = day % 146_097;
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, later) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    format!("{}-{month:02}-{day:02}", era * 400 + year + later)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        for (day, text) in [
            (0, "1970-01-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_402, "2025-11-10"),
            (20_453, "2025-12-31"),
            (20_454, "2026-01-01"),
        ] {
            assert_eq!(date(day), text);
        }
    }

    #[test]
    fn the_newest_of_two_versions() {
        let package = |name, version| {
            format!(
                "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\n"
            )
        };
        let lock = [
            package("tokio", "1.54.0"),
            package("tungstenite", "0.29.0"),
            package("tungstenite", "0.30.1"),
            package("tungstenite-extra", "9.0.0"),
        ];
        let lock = lock.concat();
        assert_eq!(newest(&lock, "tungstenite").as_deref(), Some("0.30.1"));
        assert_eq!(newest(&lock, "tokio").as_deref(), Some("1.54.0"));
        assert_eq!(newest(&lock, "lapin"), None);
    }
}
