//! Which program a test starts.

use std::collections::HashMap;
use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use programs::{Build, Target};

/// The root folder of the workspace in which the test runs.
///
/// # Panics
/// Where it runs in none.
pub fn workspace() -> PathBuf {
    programs::workspace().expect("a folder of the workspace")
}

/// The command for a lesson's binary, any lesson of the workspace.
///
/// Cargo names the binary of the crate under test in the environment. Another
/// crate's is built here, which takes a moment the first time and nothing
/// after that.
///
/// # Panics
/// Where the crate does not exist or does not build.
pub fn lesson(name: &str) -> Command {
    static BUILT: Mutex<Option<HashMap<String, PathBuf>>> = Mutex::new(None);

    if let Some(path) = env::var_os(format!("CARGO_BIN_EXE_{name}")) {
        return Command::new(path);
    }
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let built = built.get_or_insert_default();
    let path = built
        .entry(name.to_string())
        .or_insert_with(|| build(name))
        .clone();
    Command::new(path)
}

/// Builds with the features of the whole workspace, as `cargo test --workspace`
/// does, so that nothing is compiled a second time there.
fn build(name: &str) -> PathBuf {
    let mut built = Build::new([Target::Bin(name)])
        .release(!cfg!(debug_assertions))
        .as_in_the_whole_workspace()
        .quietly()
        .run()
        .unwrap_or_else(|error| panic!("cargo build --bin {name}: {error:?}"));
    built.remove(name).expect("cargo says where the program is")
}

/// The interpreter that has the libraries of Python's own, pinned.
///
/// # Panics
/// Where the Python environment that `just setup` makes is missing.
pub fn python() -> PathBuf {
    let python = workspace().join(if cfg!(windows) {
        ".venv/Scripts/python.exe"
    } else {
        ".venv/bin/python"
    });
    assert!(
        python.exists(),
        "no Python in .venv; make it with: just setup"
    );
    python
}

/// The command for one of the Python programs in `testkit/peers`, which do
/// what the lecture's own programs do, with Python's own libraries.
///
/// # Panics
/// Where the Python environment that `just setup` makes is missing.
pub fn peer(name: &str) -> Command {
    let script = workspace().join("crates/tools/testkit/peers").join(name);
    assert!(script.exists(), "no such peer: {}", script.display());
    let mut command = Command::new(python());
    command.arg("-u").arg(script);
    command
}
