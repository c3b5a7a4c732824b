//! A student's program while it is checked: started on its command, watched,
//! and ended where it takes too much.

use std::collections::VecDeque;
use std::env;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use programs::{Lines, Setup};

use crate::limits::{ANSWER, CHECK};
use crate::machine;

/// More output than this, in one check, is a flood.
const OUTPUT_LIMIT: u64 = 16 << 20;

/// More memory than this, with the children's, is too much.
const MEMORY_LIMIT: u64 = 512 << 20;

/// How much of the end of its output is kept.
const KEPT: usize = 64 * 1024;

/// What stands for the address in the command of a submission.
pub const ADDRESS: &str = "{addr}";

/// The command of a submission.
#[derive(Clone)]
pub struct Launch {
    pub program: OsString,
    pub arguments: Vec<OsString>,
    pub folder: Option<PathBuf>,
}

impl Launch {
    /// A program that gets its address as its only argument.
    pub fn of_program(program: impl Into<OsString>) -> Launch {
        Launch {
            program: program.into(),
            arguments: vec![ADDRESS.into()],
            folder: None,
        }
    }

    /// The command with this in the place of `{addr}`, and these words after
    /// it.
    fn command(&self, address: &str, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        for argument in &self.arguments {
            match argument.to_str() {
                Some(text) if text.contains(ADDRESS) => {
                    command.arg(text.replace(ADDRESS, address)).args(words);
                }
                _ => {
                    command.arg(argument);
                }
            }
        }
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        // It is no concern of the program's who runs it.
        for (variable, _) in env::vars_os() {
            let name = variable.to_string_lossy();
            let foreign = ["LAB_", "CARGO_PKG_", "CARGO_MANIFEST_"];
            if foreign.iter().any(|start| name.starts_with(start)) {
                command.env_remove(&variable);
            }
        }
        command
    }
}

/// Why a program was ended before its time.
#[derive(Clone, Copy, PartialEq)]
pub enum Offence {
    Flooded,
    TookMemory,
    TookTime,
}

/// A running program. It is ended, with all that it started, when this is
/// dropped.
pub struct Program {
    program: Arc<programs::Program>,
    /// Its stdout, from the line that was not asked for yet.
    lines: Lines,
    seen: Arc<Mutex<Seen>>,
}

/// What a program has done so far.
#[derive(Default)]
struct Seen {
    /// The end of what it wrote, to stdout and to stderr, as it came.
    output: VecDeque<u8>,
    written: u64,
    offence: Option<Offence>,
}

impl Program {
    /// Starts a submission, which may neither write nor take more than it
    /// should.
    ///
    /// # Errors
    /// Where the command does not exist or may not be executed.
    pub fn start(
        launch: &Launch,
        address: &str,
        words: &[&str],
    ) -> io::Result<Program> {
        let mut command = launch.command(address, words);
        command.env("PYTHONUNBUFFERED", "1");
        let seen = Arc::new(Mutex::new(Seen::default()));
        let hearing = Arc::clone(&seen);
        let program = Setup::new(&mut command)
            .without_input()
            .keeping(KEPT)
            .hearing(move |_, bytes| {
                let mut seen = lock(&hearing);
                seen.written += bytes.len() as u64;
                seen.output.extend(bytes);
                let surplus = seen.output.len().saturating_sub(KEPT);
                seen.output.drain(..surplus);
            })
            .start()?;
        let program = Arc::new(program);
        let watched = Arc::downgrade(&program);
        let watching = Arc::clone(&seen);
        thread::spawn(move || watch(&watched, &watching, CHECK));
        Ok(Program {
            lines: program.stdout().lines(),
            program,
            seen,
        })
    }

    /// Why the program was ended by the checker, if it was.
    pub fn offence(&self) -> Option<Offence> {
        lock(&self.seen).offence
    }

    /// The exit status, if the program has ended.
    pub fn ended(&self) -> Option<ExitStatus> {
        self.program.ended().ok().flatten()
    }

    /// The exit status, if the program ends within this time.
    pub fn ended_within(&self, limit: Duration) -> Option<ExitStatus> {
        self.program.wait(limit).ok()
    }

    /// The exit status, if the program is about to end: if it ends before it
    /// does nothing but wait. A machine that is busy takes its time with both.
    pub fn is_ending(&self) -> Option<ExitStatus> {
        let ended = || self.ended().is_some();
        machine::is_quiet_unless(&self.processes(), ANSWER, ended);
        self.ended()
    }

    /// Ends it when it takes longer than this, as it is after [`CHECK`].
    #[cfg(test)]
    pub fn takes_at_most(&self, limit: Duration) {
        watch(&Arc::downgrade(&self.program), &self.seen, limit);
    }

    /// Ends it at once, with all that it started: `kill -9`.
    pub fn kill(&self) {
        let _ = self.program.kill();
    }

    /// Presses Ctrl-C: as on a terminal, the children hear it too.
    #[cfg(unix)]
    pub fn interrupt(&self) {
        self.program.interrupt();
    }

    /// The next line on stdout that is such, if it comes within this time;
    /// those before it are forgotten.
    pub fn next_line(
        &mut self,
        limit: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let start = Instant::now();
        loop {
            let left = limit.saturating_sub(start.elapsed());
            let line = self.lines.next(left).ok()??;
            if wanted(&line) {
                return Some(line);
            }
        }
    }

    /// What the program started and is still there, this long after its end.
    pub fn left_behind(&self, limit: Duration) -> Vec<u32> {
        self.program.left_behind(limit)
    }

    /// The program's process and those that came of it.
    pub fn processes(&self) -> Vec<u32> {
        let others = self.program.left_behind(Duration::ZERO);
        [self.program.id()].into_iter().chain(others).collect()
    }

    /// The memory of the program and its children now, in bytes; `None` where
    /// the system does not tell.
    pub fn memory(&self) -> Option<u64> {
        self.program.memory()
    }

    /// How many threads the program and its children have now; `None` where
    /// the system does not tell.
    pub fn threads(&self) -> Option<u64> {
        self.program.usage().map(|usage| usage.threads)
    }

    /// The last lines that the program wrote.
    pub fn last_lines(&self, count: usize) -> Vec<String> {
        // What it wrote last may still be on its way.
        let soon = Duration::from_secs(1);
        machine::all_is_read_within(soon);
        if self.ended().is_some() {
            self.program.stdout().wait_for_end(soon);
            self.program.stderr().wait_for_end(soon);
        }
        let output: Vec<u8> = lock(&self.seen).output.iter().copied().collect();
        let text = String::from_utf8_lossy(&output).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        let skipped = lines.len().saturating_sub(count);
        lines[skipped..].iter().map(ToString::to_string).collect()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Who watches it may hold it for another moment.
        self.kill();
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ends a program that takes too long or too much.
fn watch(
    program: &Weak<programs::Program>,
    seen: &Mutex<Seen>,
    limit: Duration,
) {
    let start = Instant::now();
    loop {
        thread::sleep(Duration::from_millis(25));
        let Some(program) = program.upgrade() else {
            return;
        };
        let memory = program.memory().unwrap_or(0);
        let mut seen = lock(seen);
        seen.offence = if seen.written > OUTPUT_LIMIT {
            Some(Offence::Flooded)
        } else if memory > MEMORY_LIMIT {
            Some(Offence::TookMemory)
        } else if start.elapsed() > limit {
            Some(Offence::TookTime)
        } else {
            continue;
        };
        drop(seen);
        let _ = program.kill();
        return;
    }
}
