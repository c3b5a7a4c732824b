//! Builds the lessons that are measured, once, as they are.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::fallible::Fallible;

/// The workspace's root folder.
pub fn workspace() -> PathBuf {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.."));
    root.canonicalize().unwrap_or(root.to_path_buf())
}

/// Builds these programs, with cargo's own words for whoever waits, and gives
/// where each one is. They are built as this tool was: with `--release` or,
/// in the tests, without.
///
/// Together with the whole workspace's features, as `cargo build --workspace`
/// has them: nothing is compiled a second time there.
pub fn build(names: &BTreeSet<&str>) -> Fallible<BTreeMap<String, PathBuf>> {
    let mut cargo =
        Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--workspace"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    for name in names {
        cargo.args(["--bin", name]);
    }
    // What `cargo run` tells this program of its own package is wrong for the
    // others, and would have some libraries compiled again.
    for (variable, _) in env::vars_os() {
        let name = variable.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        {
            cargo.env_remove(&variable);
        }
    }
    let output = cargo
        .arg("--message-format=json-render-diagnostics")
        .current_dir(workspace())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("Não foi possível correr o cargo: {error}"))?;
    if !output.status.success() {
        return Err("As lições não compilam: corrija primeiro o que o \
                    compilador diz."
            .into());
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    Ok(messages.lines().filter_map(program).collect())
}

/// The program that one of cargo's messages names.
fn program(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let name = message["target"]["name"].as_str()?;
    let path = message["executable"].as_str()?;
    Some((name.to_string(), path.into()))
}
