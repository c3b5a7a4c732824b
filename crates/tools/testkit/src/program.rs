//! A running program: its output as it comes, its input, and its end.

use std::io::{self, PipeReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use snapbox::IntoData;

use crate::DEADLINE;

/// A program that a test started. It is killed when this value is dropped.
pub struct Program {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Stream,
    stderr: Stream,
    address: OnceLock<SocketAddr>,
}

/// What a program has left behind once it has ended.
#[derive(Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// All that it printed; bytes that are not UTF-8 show as `�`.
    pub stdout: String,
    /// All that it reported.
    pub stderr: String,
}

impl Program {
    /// Starts a command with its input and output in the test's hands.
    ///
    /// # Panics
    /// Where the program cannot be started.
    pub fn start(command: &mut Command) -> Program {
        let name = command.get_program().to_string_lossy().into_owned();
        let (stdout, stdout_end) = pipe();
        let (stderr, stderr_end) = pipe();
        Program::spawn(name, command, stdout, stdout_end, stderr, stderr_end)
    }

    /// Starts a command whose output and errors come as one text, in the order
    /// in which they were written: what a person sees on a terminal.
    ///
    /// # Panics
    /// Where the program cannot be started.
    pub fn start_as_seen(command: &mut Command) -> Program {
        let name = command.get_program().to_string_lossy().into_owned();
        let (seen, seen_end) = pipe();
        let other_end = seen_end.try_clone().expect("duplicate a pipe");
        let silent = Stream::default();
        silent.update(|state| state.ended = true);
        Program::spawn(name, command, seen, seen_end, silent, other_end)
    }

    fn spawn(
        name: String,
        command: &mut Command,
        stdout: Stream,
        stdout_end: io::PipeWriter,
        stderr: Stream,
        stderr_end: io::PipeWriter,
    ) -> Program {
        let spawned = command
            .stdin(Stdio::piped())
            .stdout(stdout_end)
            .stderr(stderr_end)
            .spawn();
        // The command keeps copies of the pipes' ends. While it has them, the
        // reader never sees the end of the output.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = match spawned {
            Ok(child) => child,
            Err(error) => panic!("start {name}: {error}"),
        };
        let stdin = child.stdin.take();
        Program {
            name,
            child,
            stdin,
            stdout,
            stderr,
            address: OnceLock::new(),
        }
    }

    /// Starts a lesson's server on a free port of the loopback interface and
    /// waits until it has said where it listens.
    ///
    /// # Panics
    /// Where it does not start or prints no address in time.
    pub fn server(name: &str) -> Program {
        let server = Program::start(crate::lesson(name).arg("127.0.0.1:0"));
        server.address();
        server
    }

    /// The address at the end of the first line that the program prints.
    ///
    /// # Panics
    /// Where the line does not come in time or ends in no address.
    pub fn address(&self) -> SocketAddr {
        *self.address.get_or_init(|| self.address_in_line(1))
    }

    /// The address at the end of a line, the first one being 1.
    ///
    /// # Panics
    /// Where the line does not come in time or ends in no address.
    pub fn address_in_line(&self, number: usize) -> SocketAddr {
        let line = self.wait_for_lines(number).remove(number - 1);
        let word = line.rsplit([' ', '/']).next().unwrap_or_default();
        let word = word.replace("localhost", "127.0.0.1");
        word.parse().unwrap_or_else(|_| {
            panic!("{}: no address ends the line «{line}»", self.name)
        })
    }

    /// The ZeroMQ endpoint, `tcp://…` or `ipc://…`, at the end of a line, the
    /// first one being 1.
    ///
    /// # Panics
    /// Where the line does not come in time.
    pub fn endpoint_in_line(&self, number: usize) -> String {
        let line = self.wait_for_lines(number).remove(number - 1);
        line.rsplit(' ').next().unwrap_or_default().to_string()
    }

    /// Waits until the program has printed this many whole lines, and gives
    /// the lines so far.
    ///
    /// # Panics
    /// At the deadline, or where the program closes its output before.
    pub fn wait_for_lines(&self, count: usize) -> Vec<String> {
        self.wait_for_output(&format!("{count} lines"), |text| {
            let lines: Vec<String> = text
                .split_inclusive('\n')
                .filter(|line| line.ends_with('\n'))
                .map(|line| line.trim_end().to_string())
                .collect();
            (lines.len() >= count).then_some(lines)
        })
    }

    /// Waits until the program's output contains this text.
    ///
    /// # Panics
    /// At the deadline, or where the program closes its output before.
    pub fn wait_for(&self, text: &str) {
        self.wait_for_output(&format!("«{text}»"), |output| {
            output.contains(text).then_some(())
        });
    }

    /// Waits until the program's errors contain this text.
    ///
    /// # Panics
    /// At the deadline, or where the program closes its errors before.
    pub fn wait_for_error(&self, text: &str) {
        self.stderr.wait_until(
            |output| output.contains(text).then_some(()),
            |seen| self.missing(&format!("«{text}»"), seen),
        );
    }

    fn wait_for_output<T>(
        &self,
        what: &str,
        found: impl Fn(&str) -> Option<T>,
    ) -> T {
        self.stdout
            .wait_until(found, |seen| self.missing(what, seen))
    }

    fn missing(&self, what: &str, seen: &str) -> String {
        let errors = self.stderr.text();
        format!(
            "{}: waited in vain for {what}\n\
             --- it had printed:\n{seen}\n--- and reported:\n{errors}",
            self.name
        )
    }

    /// What the program has printed so far.
    pub fn output(&self) -> String {
        self.stdout.text()
    }

    /// What the program has reported on stderr so far.
    pub fn errors(&self) -> String {
        self.stderr.text()
    }

    /// Types a line and presses Enter.
    ///
    /// # Panics
    /// Where the program does not read its input any more.
    pub fn type_line(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("the input is still open");
        writeln!(stdin, "{line}").expect("the program reads its input");
    }

    /// Sends bytes to the program's input, as a pipe does.
    ///
    /// # Panics
    /// Where the program does not read its input any more.
    pub fn type_bytes(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("the input is still open");
        stdin.write_all(bytes).expect("the program reads its input");
    }

    /// Ends the program's input, as Ctrl-D does.
    pub fn end_input(&mut self) {
        self.stdin = None;
    }

    /// Presses Ctrl-C. (Windows has no such signal for one process: there the
    /// program is killed.)
    ///
    /// # Panics
    /// Where the program has gone.
    pub fn interrupt(&mut self) {
        #[cfg(unix)]
        {
            use rustix::process::{Pid, Signal, kill_process};
            let pid = Pid::from_child(&self.child);
            kill_process(pid, Signal::INT).expect("the program still runs");
        }
        #[cfg(not(unix))]
        self.child.kill().expect("the program still runs");
    }

    /// Ends the program at once, as `kill -9` does, and waits until it is
    /// gone.
    ///
    /// # Panics
    /// Where the system refuses.
    pub fn kill(&mut self) {
        self.child.kill().expect("kill the program");
        self.child.wait().expect("wait for the program");
    }

    /// Whether the program still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The memory that the program occupies now, in bytes; `None` where the
    /// system does not tell (only Linux does, here).
    pub fn memory(&self) -> Option<u64> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
        Some(kib * 1024)
    }

    /// Waits until the program ends by itself.
    ///
    /// # Panics
    /// At the deadline, with what the program had printed.
    pub fn finish(self) -> Finished {
        self.finish_within(DEADLINE)
    }

    /// Waits until the program ends by itself, no longer than this.
    ///
    /// # Panics
    /// When the time is over, with what the program had printed.
    pub fn finish_within(mut self, limit: Duration) -> Finished {
        let start = Instant::now();
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if start.elapsed() < limit => {
                    thread::sleep(Duration::from_millis(2));
                }
                Ok(None) => {
                    let what = format!("its end within {limit:?}");
                    panic!("{}", self.missing(&what, &self.stdout.text()))
                }
                Err(error) => panic!("wait for {}: {error}", self.name),
            }
        };
        self.stdout.wait_for_end();
        self.stderr.wait_for_end();
        Finished {
            status,
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already, and then both of these fail.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Finished {
    /// Asserts that the program failed as a lesson should: nothing on stdout,
    /// exit status 1, and on stderr exactly one line, compared with
    /// `expected`, in which `[..]` stands for anything.
    ///
    /// # Panics
    /// Where any of this is not so.
    pub fn assert_fails_with(&self, expected: &str) {
        assert_eq!(self.status.code(), Some(1), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        snapbox::assert_data_eq!(
            self.stderr.trim_end(),
            expected.to_string().into_data()
        );
    }
}

/// What comes out of one of a program's pipes, gathered by a thread.
#[derive(Clone, Default)]
struct Stream(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    ended: bool,
}

fn pipe() -> (Stream, io::PipeWriter) {
    let (reader, writer) = io::pipe().expect("make a pipe");
    let stream = Stream::default();
    let gathered = stream.clone();
    thread::spawn(move || gathered.gather(reader));
    (stream, writer)
}

impl Stream {
    fn gather(&self, mut reader: PipeReader) {
        let mut buffer = [0; 64 * 1024];
        loop {
            let count = reader.read(&mut buffer).unwrap_or(0);
            self.update(|state| {
                state.bytes.extend_from_slice(&buffer[..count]);
                state.ended = count == 0;
            });
            if count == 0 {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.0.1.notify_all();
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.lock().bytes).into_owned()
    }

    fn wait_until<T>(
        &self,
        found: impl Fn(&str) -> Option<T>,
        failure: impl FnOnce(&str) -> String,
    ) -> T {
        let start = Instant::now();
        let mut state = self.lock();
        loop {
            let text = String::from_utf8_lossy(&state.bytes).into_owned();
            if let Some(value) = found(&text) {
                return value;
            }
            let left = DEADLINE.saturating_sub(start.elapsed());
            if state.ended || left.is_zero() {
                drop(state);
                panic!("{}", failure(&text));
            }
            state = match self.0.1.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// Waits until nothing more can come. A grandchild can hold the pipe open
    /// after the program has ended: then what came so far has to do.
    fn wait_for_end(&self) {
        let start = Instant::now();
        let mut state = self.lock();
        while !state.ended && start.elapsed() < Duration::from_secs(2) {
            let step = Duration::from_millis(100);
            state = match self.0.1.wait_timeout(state, step) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}
