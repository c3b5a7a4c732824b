//! A running program: its output as it comes, its input, and its end.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::process::{Command, ExitStatus};
use std::sync::OnceLock;
use std::time::Duration;

use programs::{Output, Setup};
use snapbox::IntoData;

use crate::DEADLINE;

/// How much of each output is kept, in bytes: more than any test reads.
const KEPT: usize = 256 << 20;

/// How long to wait for what a program wrote just before its end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A program that a test started. It is ended, with all that it started, when
/// this value is dropped, or the test's process is gone.
pub struct Program {
    running: programs::Program,
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
        match Setup::new(command).keeping(KEPT).start() {
            Ok(running) => Program {
                running,
                address: OnceLock::new(),
            },
            Err(error) => panic!("start {command:?}: {error}"),
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
        *self.address.get_or_init(|| {
            let line = self.wait_for_lines(1).remove(0);
            let word = line.rsplit([' ', '/']).next().unwrap_or_default();
            let word = word.replace("localhost", "127.0.0.1");
            word.parse().unwrap_or_else(|_| {
                let name = self.running.name();
                panic!("{name}: no address ends the line «{line}»")
            })
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
        self.wait_for_text(
            self.running.stderr(),
            &format!("«{text}»"),
            |output| output.contains(text).then_some(()),
        );
    }

    fn wait_for_output<T>(
        &self,
        what: &str,
        found: impl Fn(&str) -> Option<T>,
    ) -> T {
        self.wait_for_text(self.running.stdout(), what, found)
    }

    fn wait_for_text<T>(
        &self,
        output: &Output,
        what: &str,
        found: impl Fn(&str) -> Option<T>,
    ) -> T {
        let found = output.wait_until(DEADLINE, |bytes| {
            found(&String::from_utf8_lossy(bytes))
        });
        found.unwrap_or_else(|_| panic!("{}", self.missing(what)))
    }

    fn missing(&self, what: &str) -> String {
        format!(
            "{}: waited in vain for {what}\n\
             --- it had printed:\n{}\n--- and reported:\n{}",
            self.running.name(),
            self.output(),
            self.errors()
        )
    }

    /// What the program has printed so far.
    pub fn output(&self) -> String {
        self.running.stdout().text()
    }

    /// What the program has reported on stderr so far.
    pub fn errors(&self) -> String {
        self.running.stderr().text()
    }

    /// Types a line and presses Enter.
    ///
    /// # Panics
    /// Where the program does not read its input any more.
    pub fn type_line(&mut self, line: &str) {
        let line = format!("{line}\n");
        let typed = self.running.write(line.as_bytes());
        typed.expect("the program reads its input");
    }

    /// Ends the program's input, as Ctrl-D does.
    pub fn end_input(&mut self) {
        self.running.end_input();
    }

    /// Presses Ctrl-C. (Windows has no such signal for one program: there it
    /// is killed.)
    pub fn interrupt(&mut self) {
        self.running.interrupt();
    }

    /// Ends the program at once, as `kill -9` does, with all that it started,
    /// and waits until it is gone.
    ///
    /// # Panics
    /// Where the system refuses.
    pub fn kill(&mut self) {
        self.running.kill().expect("kill the program");
    }

    /// Whether the program still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.running.ended(), Ok(None))
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.running.id()
    }

    /// The memory that the program occupies now, in bytes; `None` where the
    /// system does not tell.
    pub fn memory(&self) -> Option<u64> {
        self.running.memory()
    }

    /// Asserts that the program occupies less than so many bytes more than
    /// before, where the system tells.
    ///
    /// # Panics
    /// Where it does not.
    pub fn assert_grown_by_less_than(&self, bytes: u64, before: Option<u64>) {
        if let (Some(before), Some(after)) = (before, self.memory()) {
            let grown = after.saturating_sub(before);
            assert!(grown < bytes, "{grown} bytes more");
        }
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
    pub fn finish_within(self, limit: Duration) -> Finished {
        let status = match self.running.wait(limit) {
            Ok(status) => status,
            Err(error) if error.kind() == ErrorKind::TimedOut => {
                panic!("{}", self.missing(&format!("its end within {limit:?}")))
            }
            Err(error) => panic!("wait for {}: {error}", self.running.name()),
        };
        // What it started can hold the pipes open after its end: then what
        // came so far has to do.
        self.running.stdout().wait_for_end(LAST_WORDS);
        self.running.stderr().wait_for_end(LAST_WORDS);
        Finished {
            status,
            stdout: self.output(),
            stderr: self.errors(),
        }
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
