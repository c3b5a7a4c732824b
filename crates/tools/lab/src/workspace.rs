//! The workspace: where things are, and how a crate of it is built.

use std::env;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::labs::Lab;

pub fn root() -> PathBuf {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.."));
    root.canonicalize().unwrap_or(root.to_path_buf())
}

/// A lab's crate.
pub fn folder(lab: &Lab) -> PathBuf {
    root().join("crates/labs").join(lab.name)
}

/// Builds a lab's crate or, beside it, its solution, with the compiler's words
/// for the student, and gives the program; `None` where it does not compile.
///
/// # Errors
/// Where there is no cargo.
pub fn build(lab: &Lab, solution: bool) -> io::Result<Option<PathBuf>> {
    let target = if solution {
        ["--example", &format!("{}_solution", lab.name)]
    } else {
        ["--bin", lab.name]
    };
    let output = cargo()
        .args(["build", "--quiet", "--package", lab.name])
        .args(target)
        .arg("--message-format=json-render-diagnostics")
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Ok(None);
    }
    Ok(executable(&output.stdout))
}

/// Builds a crate that a check needs, and gives its program; `None` where it
/// does not compile. The first time may take a minute: then it says so.
pub fn build_quietly(package: &str, what: &str) -> Option<PathBuf> {
    let mut child = cargo()
        .args(["build", "--quiet", "--package", package, "--bin", package])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(root())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut stdout = child.stdout.take()?;
    let done = AtomicBool::new(false);
    let mut messages = Vec::new();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            thread::park_timeout(Duration::from_secs(2));
            if !done.load(Ordering::Relaxed) {
                eprintln!("\nA compilar {what}: só demora da primeira vez.");
            }
        });
        let _ = stdout.read_to_end(&mut messages);
        done.store(true, Ordering::Relaxed);
        waiting.thread().unpark();
    });
    child.wait().ok()?.success().then_some(())?;
    executable(&messages)
}

/// The cargo that runs this, or the one in the path.
pub fn cargo() -> Command {
    let mut cargo =
        Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    // What cargo told this program of its own package is wrong for another
    // one, and has libraries (ring) compiled again for each that asks.
    for (variable, _) in env::vars_os() {
        let name = variable.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        {
            cargo.env_remove(&variable);
        }
    }
    cargo
}

/// The program that cargo's messages name.
pub fn executable(messages: &[u8]) -> Option<PathBuf> {
    let messages = String::from_utf8_lossy(messages);
    messages.lines().rev().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message["executable"].as_str()?))
    })
}

/// Where a lab's solution is, from which its starter comes.
pub fn solution(lab: &Lab) -> PathBuf {
    let name = format!("{}_solution.rs", lab.name);
    folder(lab).join("examples").join(name)
}
