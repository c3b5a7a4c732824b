//! Has cargo build programs of the workspace.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::{Program, Setup, Stream, workspace};

/// How often to look whether a build is to end.
const STEP: Duration = Duration::from_millis(50);

/// A program of the workspace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target<'a> {
    /// A package's program, of the package's name.
    Bin(&'a str),
    /// An example of a package.
    Example {
        /// The package.
        package: &'a str,
        /// The example's own name.
        name: &'a str,
    },
}

/// What hears cargo's words.
type Sink = Box<dyn FnMut(&[u8]) + Send>;

/// What to build, and how. Without further words: with the dev profile, the
/// package's own features, and cargo's words on this process's stderr.
pub struct Build<'a> {
    targets: Vec<Target<'a>>,
    release: bool,
    whole: bool,
    words: Words,
    stopped: Option<Arc<AtomicBool>>,
}

enum Words {
    Inherited,
    Kept,
    Heard(Sink),
}

/// Why there is no program.
#[derive(Debug)]
pub enum BuildError {
    /// The current folder is in no workspace of this project.
    NoWorkspace,
    /// Cargo does not start.
    NoCargo(io::Error),
    /// The folder in which cargo works cannot be written.
    ReadOnly(PathBuf),
    /// It was compiled in vain; with cargo's words, unless they went to
    /// stderr.
    DoesNotCompile(String),
    /// Cargo itself failed: no such program, no sources for a library; or it
    /// was ended. With its words, unless they went to stderr.
    Failed(String),
}

impl<'a> Build<'a> {
    /// The build of these programs.
    pub fn new(targets: impl IntoIterator<Item = Target<'a>>) -> Build<'a> {
        Build {
            targets: targets.into_iter().collect(),
            release: false,
            whole: false,
            words: Words::Inherited,
            stopped: None,
        }
    }

    /// With the release profile, or the dev profile.
    #[must_use]
    pub fn release(mut self, release: bool) -> Build<'a> {
        self.release = release;
        self
    }

    /// With the features that a build of the whole workspace has, so that
    /// beside one nothing is compiled a second time. (`cargo build -p` has
    /// those of the package.)
    #[must_use]
    pub fn as_in_the_whole_workspace(mut self) -> Build<'a> {
        self.whole = true;
        self
    }

    /// Keeps cargo's words for the error, instead of telling them.
    #[must_use]
    pub fn quietly(mut self) -> Build<'a> {
        self.words = Words::Kept;
        self
    }

    /// Gives cargo's words, with their colours, to this as they come.
    #[must_use]
    pub fn hearing(
        mut self,
        sink: impl FnMut(&[u8]) + Send + 'static,
    ) -> Build<'a> {
        self.words = Words::Heard(Box::new(sink));
        self
    }

    /// Ends cargo, and so the build, once this is set.
    #[must_use]
    pub fn until(mut self, stopped: Arc<AtomicBool>) -> Build<'a> {
        self.stopped = Some(stopped);
        self
    }

    /// Builds, and gives where each program is, by its name.
    ///
    /// # Errors
    /// Where any of them is not built.
    pub fn run(self) -> Result<BTreeMap<String, PathBuf>, BuildError> {
        let root = workspace().map_err(|_| BuildError::NoWorkspace)?;
        let mut command = cargo();
        command
            .current_dir(&root)
            .args(["build", "--message-format=json-render-diagnostics"]);
        if self.release {
            command.arg("--release");
        }
        if self.whole {
            command.arg("--workspace");
        }
        for target in &self.targets {
            let (package, kind, name) = match target {
                Target::Bin(name) => (name, "--bin", name),
                Target::Example { package, name } => {
                    (package, "--example", name)
                }
            };
            if !self.whole {
                command.args(["--package", package]);
            }
            command.args([kind, name]);
        }
        let is_inherited = matches!(self.words, Words::Inherited);
        let setup = match self.words {
            Words::Inherited => Setup::new(&mut command).inheriting_stderr(),
            Words::Kept => Setup::new(&mut command),
            Words::Heard(mut sink) => {
                command.env("CARGO_TERM_COLOR", "always");
                Setup::new(&mut command).hearing(move |stream, bytes| {
                    if stream == Stream::Stderr {
                        sink(bytes);
                    }
                })
            }
        };
        let cargo = setup.without_input().start();
        let cargo = cargo.map_err(BuildError::NoCargo)?;
        let status = match self.stopped {
            Some(stopped) => wait(&cargo, &stopped),
            None => cargo.wait(Duration::MAX),
        };
        let status = status.map_err(BuildError::NoCargo)?;
        cargo.stdout().wait_for_end(Duration::from_secs(5));
        cargo.stderr().wait_for_end(Duration::from_secs(5));
        let messages = cargo.stdout().text();
        let messages = messages
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        if status.success() {
            return Ok(messages.filter_map(executable).collect());
        }
        let words = if is_inherited {
            String::new()
        } else {
            cargo.stderr().text()
        };
        // Cargo tells the end of a build that it has begun.
        let mut ends = messages.map(|message| message["reason"].clone());
        if ends.any(|reason| reason == "build-finished") {
            return Err(BuildError::DoesNotCompile(words));
        }
        Err(match read_only(&root) {
            Some(folder) => BuildError::ReadOnly(folder),
            None => BuildError::Failed(words),
        })
    }
}

/// Waits for cargo, and ends it once `stopped` is set.
fn wait(cargo: &Program, stopped: &AtomicBool) -> io::Result<ExitStatus> {
    loop {
        match cargo.wait(STEP) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {}
            ended => return ended,
        }
        if stopped.load(Ordering::SeqCst) {
            return cargo.kill();
        }
    }
}

/// The cargo that runs this, or the one in the path.
///
/// What cargo told this process of its own package is left out: it is wrong
/// for another one, and has libraries (ring) compiled again for each that asks.
pub fn cargo() -> Command {
    let mut cargo =
        Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    for (variable, _) in env::vars_os() {
        let name = variable.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")
        {
            cargo.env_remove(&variable);
        }
    }
    cargo
}

/// The program that one of cargo's messages names.
fn executable(message: Value) -> Option<(String, PathBuf)> {
    let name = message["target"]["name"].as_str()?;
    let path = message["executable"].as_str()?;
    Some((name.to_string(), path.into()))
}

/// The folder that cargo writes to, where it cannot.
fn read_only(root: &Path) -> Option<PathBuf> {
    let target = match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root.join(folder),
        None => root.join("target"),
    };
    let probe = target.join(format!(".writable-{}", std::process::id()));
    let written = fs::create_dir_all(&target)
        .and_then(|()| fs::write(&probe, ""))
        .and_then(|()| fs::remove_file(&probe));
    written.is_err().then_some(target)
}
