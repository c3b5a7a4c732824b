//! A student's program while it is checked: watched, and ended with all that
//! it started.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::processes;

/// The longest that one check may take.
const CHECK_LIMIT: Duration = Duration::from_secs(60);

/// More output than this, in one check, is a flood.
const OUTPUT_LIMIT: u64 = 16 << 20;

/// More memory than this, with the children's, is too much.
const MEMORY_LIMIT: u64 = 512 << 20;

/// How much of the end of its output is kept.
const KEPT: usize = 16 * 1024;

/// The command of a submission. `{addr}` stands for the address.
#[derive(Clone)]
pub struct Launch {
    pub program: OsString,
    pub arguments: Vec<String>,
    pub folder: Option<PathBuf>,
}

impl Launch {
    /// A program that gets its address as its only argument.
    pub fn of_program(program: impl Into<OsString>) -> Launch {
        Launch {
            program: program.into(),
            arguments: vec!["{addr}".into()],
            folder: None,
        }
    }
}

/// Why a program was ended before its time.
#[derive(Clone, Copy, PartialEq)]
pub enum Offence {
    Flooded,
    TookMemory,
    TookTime,
}

/// A running program. It is ended, with its children, when this is dropped.
pub struct Program {
    child: Child,
    /// Marks every process that comes of this one, in its environment.
    mark: String,
    shared: Arc<Mutex<Shared>>,
    /// How many of its lines were taken already.
    taken: usize,
}

#[derive(Default)]
struct Shared {
    output: VecDeque<u8>,
    /// What went to stdout, line by line.
    lines: Vec<String>,
    /// Whether no more lines can come.
    closed: bool,
    written: u64,
    offence: Option<Offence>,
    ended: bool,
}

impl Launch {
    /// The command with this in the place of `{addr}`, and these words after
    /// it.
    fn command(&self, address: &str, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        for argument in &self.arguments {
            command.arg(argument.replace("{addr}", address));
            if argument.contains("{addr}") {
                command.args(words);
            }
        }
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command
    }
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
        let program = Program::run(launch.command(address, words))?;
        let watched = Arc::clone(&program.shared);
        let (id, mark) = (program.child.id(), program.mark.clone());
        thread::spawn(move || watch(&watched, id, &mark));
        Ok(program)
    }

    /// Runs a program that may take its time and its memory: a broker.
    ///
    /// # Errors
    /// Where it does not exist or may not be executed.
    pub fn run(mut command: Command) -> io::Result<Program> {
        static STARTED: AtomicU64 = AtomicU64::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let mark = format!("{}-{number}", std::process::id());

        command
            .env(processes::MARK, &mark)
            .env("PYTHONUNBUFFERED", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        processes::lead_a_group(&mut command);
        let mut child = command.spawn()?;
        processes::remember(child.id(), &mark);

        let shared = Arc::new(Mutex::new(Shared::default()));
        let id = child.id();
        if let Some(pipe) = child.stdout.take() {
            let (shared, mark) = (Arc::clone(&shared), mark.clone());
            thread::spawn(move || gather(pipe, true, &shared, id, &mark));
        }
        if let Some(pipe) = child.stderr.take() {
            let (shared, mark) = (Arc::clone(&shared), mark.clone());
            thread::spawn(move || gather(pipe, false, &shared, id, &mark));
        }
        Ok(Program {
            child,
            mark,
            shared,
            taken: 0,
        })
    }

    /// Why the program was ended by the checker, if it was.
    pub fn offence(&self) -> Option<Offence> {
        lock(&self.shared).offence
    }

    /// How the program ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// How the program ended, where it does within this time.
    pub fn ended_within(&mut self, limit: Duration) -> Option<ExitStatus> {
        let start = Instant::now();
        loop {
            let ended = self.ended();
            if ended.is_some() || start.elapsed() > limit {
                return ended;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it at once, with all that it started: `kill -9`.
    pub fn kill(&mut self) {
        processes::end_all(self.child.id(), &self.mark);
        let _ = self.child.wait();
        lock(&self.shared).ended = true;
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
            let shared = lock(&self.shared);
            for line in &shared.lines[self.taken..] {
                self.taken += 1;
                if wanted(line) {
                    return Some(line.clone());
                }
            }
            if shared.closed || start.elapsed() > limit {
                return None;
            }
            drop(shared);
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Presses Ctrl-C: as on a terminal, the children hear it too.
    #[cfg(unix)]
    pub fn interrupt(&self) {
        processes::interrupt_group(self.child.id());
    }

    /// What the program started and is still there, this long after its end.
    #[cfg(unix)]
    pub fn left_behind(&self, limit: Duration) -> Vec<u32> {
        let start = Instant::now();
        loop {
            let left = processes::marked(self.child.id(), &self.mark);
            if left.is_empty() || start.elapsed() > limit {
                return left;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The memory of the program and its children now, in bytes; `None` where
    /// the system does not tell.
    pub fn memory(&self) -> Option<u64> {
        processes::memory(self.child.id())
    }

    /// How many threads the program and its children have now; `None` where
    /// the system does not tell.
    pub fn threads(&self) -> Option<u64> {
        processes::threads(self.child.id())
    }

    /// The last lines that the program wrote.
    pub fn last_lines(&self, count: usize) -> Vec<String> {
        // What it wrote just before its end may still be on its way.
        thread::sleep(Duration::from_millis(20));
        let output: Vec<u8> =
            lock(&self.shared).output.iter().copied().collect();
        let text = String::from_utf8_lossy(&output).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        let skipped = lines.len().saturating_sub(count);
        let short = |line: &&str| -> String {
            if line.chars().count() > 100 {
                line.chars().take(99).chain(['…']).collect()
            } else {
                (*line).to_string()
            }
        };
        lines[skipped..].iter().map(short).collect()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        processes::end_all(self.child.id(), &self.mark);
        let _ = self.child.wait();
        lock(&self.shared).ended = true;
        processes::forget(self.child.id());
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads a pipe to its end, so that the program never waits for a reader, and
/// keeps what came last, and the lines of stdout.
fn gather(
    mut pipe: impl Read,
    is_stdout: bool,
    shared: &Mutex<Shared>,
    id: u32,
    mark: &str,
) {
    let mut buffer = [0; 16 * 1024];
    let mut line = Vec::new();
    while let Ok(count @ 1..) = pipe.read(&mut buffer) {
        let mut shared = lock(shared);
        shared.written += count as u64;
        shared.output.extend(&buffer[..count]);
        let surplus = shared.output.len().saturating_sub(KEPT);
        shared.output.drain(..surplus);
        if shared.written > OUTPUT_LIMIT {
            if shared.offence.is_none() {
                shared.offence = Some(Offence::Flooded);
                if !shared.ended {
                    processes::end_all(id, mark);
                }
            }
            continue;
        }
        for piece in buffer[..count].split_inclusive(|byte| *byte == b'\n') {
            line.extend_from_slice(piece);
            if is_stdout && piece.ends_with(b"\n") {
                let text = String::from_utf8_lossy(&line).into_owned();
                shared.lines.push(text.trim_end().to_string());
            }
            if piece.ends_with(b"\n") {
                line.clear();
            }
        }
    }
    if is_stdout {
        lock(shared).closed = true;
    }
}

/// Ends a program that takes too long or too much.
fn watch(shared: &Mutex<Shared>, id: u32, mark: &str) {
    let start = Instant::now();
    loop {
        thread::sleep(Duration::from_millis(25));
        let memory = processes::memory(id).unwrap_or(0);
        let mut shared = lock(shared);
        if shared.ended || shared.offence.is_some() {
            return;
        }
        shared.offence = if memory > MEMORY_LIMIT {
            Some(Offence::TookMemory)
        } else if start.elapsed() > CHECK_LIMIT {
            Some(Offence::TookTime)
        } else {
            continue;
        };
        processes::end_all(id, mark);
    }
}
