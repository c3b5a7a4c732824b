//! A running program.

use std::io::{self, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::live::{self, Live};
use crate::output::Output;
use crate::usage::{self, Usage};

/// How much of each of its outputs is kept, where nothing else is said.
const KEPT: usize = 16 << 20;

/// How often to look whether a program has ended.
const STEP: Duration = Duration::from_millis(2);

/// One of the two ways in which a program writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stream {
    /// What it says.
    Stdout,
    /// What it says of errors.
    Stderr,
}

type Sink = Box<dyn FnMut(Stream, &[u8]) + Send>;

/// How a program is started. Without further words it gets a pipe as its
/// input, and its two outputs are gathered, the last 16 MiB of each.
pub struct Setup<'a> {
    command: &'a mut Command,
    input: bool,
    output: Option<Stdio>,
    errors: Errors,
    kept: usize,
    sink: Option<Sink>,
}

enum Errors {
    Apart,
    WithStdout,
    Inherited,
}

impl<'a> Setup<'a> {
    /// Starts this command, once: its input, its outputs and a variable of its
    /// environment are set here.
    pub fn new(command: &'a mut Command) -> Setup<'a> {
        Setup {
            command,
            input: true,
            output: None,
            errors: Errors::Apart,
            kept: KEPT,
            sink: None,
        }
    }

    /// With an input that has nothing in it.
    #[must_use]
    pub fn without_input(mut self) -> Setup<'a> {
        self.input = false;
        self
    }

    /// With its errors in its output, in the order in which both were written:
    /// what a person sees on a terminal.
    #[must_use]
    pub fn as_seen(mut self) -> Setup<'a> {
        self.errors = Errors::WithStdout;
        self
    }

    /// With this as its output, which is not gathered.
    #[must_use]
    pub fn writing_to(mut self, output: impl Into<Stdio>) -> Setup<'a> {
        self.output = Some(output.into());
        self
    }

    /// With this process's stderr as its own.
    #[must_use]
    pub fn inheriting_stderr(mut self) -> Setup<'a> {
        self.errors = Errors::Inherited;
        self
    }

    /// Keeps the last so many bytes of each output.
    #[must_use]
    pub fn keeping(mut self, bytes: usize) -> Setup<'a> {
        self.kept = bytes;
        self
    }

    /// Gives each piece of output to this as well, as it comes. The program
    /// waits where this is slow. Two pieces of one stream never change places.
    #[must_use]
    pub fn hearing(
        mut self,
        sink: impl FnMut(Stream, &[u8]) + Send + 'static,
    ) -> Setup<'a> {
        self.sink = Some(Box::new(sink));
        self
    }

    /// Starts the program.
    ///
    /// # Errors
    /// Where it does not exist or may not be executed.
    pub fn start(self) -> io::Result<Program> {
        let name = self.command.get_program().to_string_lossy().into_owned();
        self.command.stdin(if self.input {
            Stdio::piped()
        } else {
            Stdio::null()
        });
        let mut seen = None;
        match self.errors {
            Errors::Apart => {
                self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
            }
            Errors::Inherited => {
                self.command.stdout(Stdio::piped()).stderr(Stdio::inherit());
            }
            Errors::WithStdout => {
                let (reader, writer) = io::pipe()?;
                self.command.stdout(writer.try_clone()?).stderr(writer);
                seen = Some(reader);
            }
        }
        if let Some(output) = self.output {
            self.command.stdout(output);
        }
        let spawned = live::spawn(self.command);
        // The command keeps copies of the pipes' ends. While it has them, the
        // reader never sees the end of the output.
        self.command.stdout(Stdio::null()).stderr(Stdio::null());
        let (mut child, live) = spawned?;

        let sink = self.sink.map(|sink| Arc::new(Mutex::new(sink)));
        let heard = |stream: Stream| {
            let sink = sink.clone();
            move |bytes: &[u8]| {
                if let Some(sink) = &sink {
                    lock(sink)(stream, bytes);
                }
            }
        };
        let (kept, out) = (self.kept, heard(Stream::Stdout));
        let stdout = match seen {
            Some(pipe) => Output::of(Some(pipe), kept, out),
            None => Output::of(child.stdout.take(), kept, out),
        };
        let errors = child.stderr.take();
        Ok(Program {
            name,
            stdin: Mutex::new(child.stdin.take()),
            stdout,
            stderr: Output::of(errors, kept, heard(Stream::Stderr)),
            live,
            child: Mutex::new(child),
        })
    }
}

/// A running program. It is ended, with all that it started, when this is
/// dropped.
pub struct Program {
    name: String,
    stdin: Mutex<Option<ChildStdin>>,
    stdout: Output,
    stderr: Output,
    live: Live,
    child: Mutex<Child>,
}

impl Program {
    /// Starts a command as [`Setup`] does without further words.
    ///
    /// # Errors
    /// Where it does not exist or may not be executed.
    pub fn start(command: &mut Command) -> io::Result<Program> {
        Setup::new(command).start()
    }

    /// The program's name or path, as it was in the command.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.live.id()
    }

    /// What it writes to stdout and, with [`Setup::as_seen`], to stderr.
    pub fn stdout(&self) -> &Output {
        &self.stdout
    }

    /// What it writes to stderr.
    pub fn stderr(&self) -> &Output {
        &self.stderr
    }

    /// Only empties the pipes from now on, some hundred times a second: a
    /// program under measurement must neither wait for a reader nor wake one
    /// with each line.
    pub fn discard_output(&self) {
        self.stdout.discard();
        self.stderr.discard();
    }

    /// Writes to its input, and waits while the program reads too little.
    ///
    /// # Errors
    /// Where it does not read any more, or its input was ended.
    pub fn write(&self, bytes: &[u8]) -> io::Result<()> {
        match &mut *lock(&self.stdin) {
            Some(stdin) => stdin.write_all(bytes),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Ends its input, as Ctrl-D does.
    pub fn end_input(&self) {
        *lock(&self.stdin) = None;
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// Where the system does not tell.
    pub fn ended(&self) -> io::Result<Option<ExitStatus>> {
        live::ended(&mut lock(&self.child))
    }

    /// Waits until it ends by itself, and tells how.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] where it does not within this time.
    pub fn wait(&self, limit: Duration) -> io::Result<ExitStatus> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            if start.elapsed() >= limit {
                return Err(io::ErrorKind::TimedOut.into());
            }
            thread::sleep(STEP);
        }
    }

    /// Presses Ctrl-C: as on a terminal, what it started hears it too.
    /// (Windows has no such signal for one program: there it is ended.)
    pub fn interrupt(&self) {
        self.live.interrupt();
    }

    /// Asks the program, and it alone, to end, as `kill` does. (Windows has no
    /// such signal: there it is ended.)
    pub fn terminate(&self) {
        self.live.terminate();
    }

    /// Ends it at once, with all that it started, as `kill -9` does, waits
    /// until they are gone, and tells how it ended.
    ///
    /// # Errors
    /// Where the system does not let it.
    pub fn kill(&self) -> io::Result<ExitStatus> {
        self.live.end();
        self.wait(Duration::from_secs(10))
    }

    /// What the program started that is still there, this long after this was
    /// asked; empty at once where nothing is.
    pub fn left_behind(&self, limit: Duration) -> Vec<u32> {
        let start = Instant::now();
        loop {
            let left = self.live.others();
            if left.is_empty() || start.elapsed() >= limit {
                return left;
            }
            thread::sleep(STEP * 5);
        }
    }

    /// The memory that it and what it started occupy now, in bytes; `None`
    /// where it has ended or the system does not tell.
    pub fn memory(&self) -> Option<u64> {
        usage::memory(self.id())
    }

    /// What it and what it started have used so far; `None` where it has ended
    /// or the system does not tell (only Linux does).
    pub fn usage(&self) -> Option<Usage> {
        usage::usage(self.id())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.live.end();
        // The last word on it: only now may its number be another's.
        let _ = lock(&self.child).wait();
        self.live.forget();
    }
}

/// Whether it was Ctrl-C that ended a program, which has no handler for it.
pub fn was_interrupted(status: ExitStatus) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        status.signal() == Some(rustix::process::Signal::INT.as_raw())
    }
    #[cfg(windows)]
    {
        // STATUS_CONTROL_C_EXIT, or the status of who was ended instead.
        matches!(status.code(), Some(-0x3FFF_FEC6 | 1))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
