//! Builds a submission that is a Cargo project.

use std::env::consts::EXE_EXTENSION;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use programs::Setup;
use serde_json::Value;

use super::sandbox;
use super::submission::copy;

/// The longest that the compiler may take for one submission, and then its last
/// words.
const BUILD_LIMIT: Duration = Duration::from_secs(300);
const OUTPUT_LIMIT: Duration = Duration::from_secs(5);

/// Builds a Cargo project; a lab's crate, which takes its versions from this
/// workspace, inside a workspace of its own that has the same ones. `place` is
/// a folder for that, beside those of the others.
///
/// What the project has run while it is built (`build.rs`) may be isolated: then
/// all is compiled for it alone, so that it can change nothing of the others'.
///
/// # Errors
/// Where there is no program: why, in a line, and the compiler's whole text.
pub fn build(
    project: &Path,
    place: &Path,
    isolate: bool,
) -> Result<PathBuf, (String, String)> {
    // One at a time, in one target folder: what the submissions have in common
    // is compiled once.
    static BUILDING: Mutex<()> = Mutex::new(());
    let _building = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);

    let trouble = |error: io::Error| alone(format!("não se prepara: {error}"));
    fs::create_dir_all(place).map_err(trouble)?;
    let place = place.canonicalize().map_err(trouble)?;
    let manifest = fs::read_to_string(project.join("Cargo.toml"));
    let manifest = manifest.map_err(trouble)?;
    let copied = place.join("entrega");
    // A file that is not there any more.
    let _ = fs::remove_dir_all(&copied);
    let project = if manifest.contains("workspace = true") {
        adopt(project, &place).map_err(trouble)?;
        copied
    } else if isolate {
        copy(project, &copied).map_err(trouble)?;
        copied
    } else {
        project.to_path_buf()
    };
    let mut command = programs::cargo();
    let target = if isolate {
        let cargo = PathBuf::from(command.get_program());
        let target = place.join("target");
        command = sandbox::of_cargo(&cargo)
            .with("CARGO_TARGET_DIR", &target)
            .writing(&place)
            .command(cargo);
        target
    } else {
        let target = place.with_file_name("target");
        command.env("CARGO_TARGET_DIR", &target);
        target
    };
    command
        .args(["build", "--quiet", "--bins"])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(project);
    let cargo = Setup::new(&mut command).without_input().start();
    let cargo =
        cargo.map_err(|error| alone(format!("não há cargo: {error}")))?;
    let Ok(status) = cargo.wait(BUILD_LIMIT) else {
        return Err(alone("a compilação não acabou em cinco minutos".into()));
    };
    cargo.stdout().wait_for_end(OUTPUT_LIMIT);
    cargo.stderr().wait_for_end(OUTPUT_LIMIT);
    if !status.success() {
        let errors = cargo.stderr().text();
        let error = errors.lines().find(|line| line.starts_with("error"));
        let error = error.or(errors.lines().next());
        let error = error.unwrap_or("sem explicação");
        return Err((format!("não compila: {error}"), errors));
    }
    let built = executable(&cargo.stdout().text())
        .ok_or_else(|| alone("não tem nenhum programa".to_string()))?;
    // The next one may well have the same name.
    let kept = place.join("programa").with_extension(EXE_EXTENSION);
    fs::copy(built, &kept).map_err(trouble)?;
    if isolate {
        let _ = fs::remove_dir_all(target);
    }
    Ok(kept)
}

/// There is no more to say of it.
fn alone(why: String) -> (String, String) {
    let log = format!("{why}\n");
    (why, log)
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
