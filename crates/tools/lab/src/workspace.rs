//! The workspace: where things are, and how a crate of it is built.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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

/// The cargo that runs this, or the one in the path.
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
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
