//! Executes the `console` blocks of a lesson's header.
//!
//! A block is one session with one or more terminals:
//!
//! ```text
//! $ cargo run -p tcp_echo_server          a terminal, and what runs in it
//! Ligado por 127.0.0.1:[..]               a line that it prints; [..] varies
//! ...                                     last lines, as many as there are
//! > olá                                   a line that the student types
//! ^D  or  ^C                              a key that the student presses
//! Aborted                                 the shell, of a program that crashed
//!                                         a blank line: see below
//! # noutro terminal                       a remark, not executed
//! ```
//!
//! The terminals start in their order, each when the one before it has printed
//! its first line; or, where a blank line stands within its output, the lines
//! before that. After that each goes its own way: it types and presses keys
//! when all lines above have appeared. At the end everything that it printed
//! is compared with the block.
//!
//! Who ends by itself comes before who is interrupted, so that no Ctrl-C cuts
//! off an answer that is on its way. Where a blank line stands before `^C`, it
//! is pressed when all the others have also come to theirs.
//!
//! Nothing listens on the documented port: a server gets port 0, and what it
//! then listens on replaces the documented port for the others, and is
//! replaced by it in what they print. The default address comes from the
//! lesson's source (`const ADDRESS`, `URL` or `ENDPOINT`), so that a wrong one
//! shows. A lesson with several has more constants, which end in `_ENDPOINT`,
//! in the order of its arguments, and says in its first lines where it listens.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;

use snapbox::IntoData;

use crate::command::{lesson, workspace};
use crate::{DEADLINE, Program};

/// One `console` block.
#[derive(Debug, PartialEq)]
pub struct Session {
    terminals: Vec<Terminal>,
}

#[derive(Debug, Default, PartialEq)]
struct Terminal {
    words: Vec<String>,
    /// Lines that must be there before the next terminal starts.
    ready: Option<usize>,
    steps: Vec<Step>,
}

#[derive(Debug, PartialEq)]
enum Step {
    Prints(String),
    PrintsMore,
    Types(String),
    EndsInput,
    Interrupts,
    InterruptsLast,
    Crashes,
}

/// Executes every `console` block in the header of the lesson under test, and
/// compares.
///
/// # Panics
/// Where there is none, or what is printed differs.
pub fn run_console_blocks() {
    run_console_blocks_beside(&[]);
}

/// The same beside servers that already run: each pair is the port that the
/// lesson documents and the port where the server listens.
///
/// # Panics
/// Where there is no block, or what is printed differs.
pub fn run_console_blocks_beside(ports: &[(u16, u16)]) {
    // Cargo runs a crate's tests in the crate's folder.
    let main = Path::new("src/main.rs");
    let source = fs::read_to_string(main).expect("the lesson's src/main.rs");
    let sessions = Session::all_in(&source);
    assert!(!sessions.is_empty(), "no console block in the header");
    for session in sessions {
        session.play(ports, |_, _| {});
    }
}

impl Session {
    /// The sessions in the `//!` header of a lesson's source.
    ///
    /// # Panics
    /// Where a block has output before its first command.
    pub fn all_in(source: &str) -> Vec<Session> {
        let mut sessions = Vec::new();
        let mut lines = source
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .map(|line| line.strip_prefix(' ').unwrap_or(line));
        while lines.by_ref().any(|line| line == "```console") {
            let block = lines.by_ref().take_while(|line| *line != "```");
            sessions.push(Session::parse(block));
        }
        sessions
    }

    /// The first session in the header of a lesson, by its name; `None` where
    /// there is no such lesson, or no session in it.
    pub fn of_lesson(name: &str) -> Option<Session> {
        Session::all_in(&source_of(name)?).into_iter().next()
    }

    /// The name of what runs in each terminal.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.terminals.iter().map(Terminal::name)
    }

    fn parse<'a>(lines: impl Iterator<Item = &'a str>) -> Session {
        let mut terminals: Vec<Terminal> = Vec::new();
        let mut blank = false;
        for line in lines {
            if line.is_empty() {
                blank = true;
                continue;
            }
            if line.starts_with("# ") {
                continue;
            }
            if let Some(command) = line.strip_prefix("$ ") {
                let words = shlex::split(command).expect("matching quotes");
                terminals.push(Terminal {
                    words,
                    ..Terminal::default()
                });
                blank = false;
                continue;
            }
            let terminal = terminals.last_mut().expect("a command comes first");
            let after_blank = std::mem::take(&mut blank);
            if after_blank && line != "^C" {
                terminal.ready.get_or_insert(terminal.lines().len());
            }
            terminal.steps.push(match line {
                "^C" if after_blank => Step::InterruptsLast,
                "^C" => Step::Interrupts,
                "..." => Step::PrintsMore,
                "^D" => Step::EndsInput,
                "Aborted" => Step::Crashes,
                _ => match line.strip_prefix("> ") {
                    Some(typed) => Step::Types(typed.to_string()),
                    None => Step::Prints(line.to_string()),
                },
            });
        }
        Session { terminals }
    }

    /// Runs the session, tells each line as it comes with its program's name,
    /// and compares.
    ///
    /// # Panics
    /// Where what is printed differs, or does not come in time.
    pub fn play(&self, ports: &[(u16, u16)], told: impl Fn(&str, &str) + Sync) {
        let mut ports = Ports(ports.iter().copied().collect());
        let mut running = Vec::new();
        for terminal in &self.terminals {
            let (mut command, opens) = terminal.command(&ports);
            let program = Program::start_as_seen(&mut command);
            for (index, port) in opens.into_iter().enumerate() {
                let address = program.address_in_line(index + 1);
                ports.0.insert(port, address.port());
            }
            let ready = terminal.ready.unwrap_or(1);
            // The last terminal keeps nobody waiting.
            if running.len() + 1 < self.terminals.len() {
                program.wait_for_lines(ready.min(terminal.lines().len()));
            }
            running.push((terminal, program));
        }
        // Closed by the last of those that end by themselves.
        let (ending, ended) = mpsc::channel::<Infallible>();
        let ended = Mutex::new(ended);
        // Closed by the last that comes to its Ctrl-C, or to its end.
        let (printing, printed) = mpsc::channel::<Infallible>();
        let printed = Mutex::new(printed);
        thread::scope(|scope| {
            let mut playing = Vec::new();
            for (terminal, program) in running {
                let (ports, told) = (&ports, &told);
                let (ended, printed) = (&ended, &printed);
                let ending =
                    (!terminal.is_interrupted()).then(|| ending.clone());
                let mut printing = Some(printing.clone());
                playing.push(scope.spawn(move || {
                    terminal.play(program, ports, told, |last| {
                        printing = None;
                        wait_for(if last { printed } else { ended });
                    });
                    drop(ending);
                }));
            }
            drop((ending, printing));
            for terminal in playing {
                if let Err(failure) = terminal.join() {
                    std::panic::resume_unwind(failure);
                }
            }
        });
    }
}

impl Terminal {
    fn lines(&self) -> Vec<&str> {
        let printed = self.steps.iter().filter_map(|step| match step {
            Step::Prints(line) => Some(line.as_str()),
            _ => None,
        });
        printed.collect()
    }

    fn is_interrupted(&self) -> bool {
        let keys = [Step::Interrupts, Step::InterruptsLast];
        self.steps.iter().any(|step| keys.contains(step))
    }

    /// A lesson's name, or the program's.
    fn name(&self) -> &str {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        match words[..] {
            ["cargo", "run", "-p", name, ..] => name,
            _ => &self.words[0],
        }
    }

    /// The command, with its ports replaced, and the documented ports on which
    /// it will listen, if it is a server.
    fn command(&self, ports: &Ports) -> (Command, Vec<u16>) {
        let is_lesson = self.words[0] == "cargo";
        let mut arguments: Vec<String> = if is_lesson {
            let after = self.words.iter().skip_while(|word| *word != "--");
            after.skip(1).cloned().collect()
        } else {
            self.words[1..].to_vec()
        };
        let mut opens = Vec::new();
        if is_lesson {
            let addressed = |word: &String| port_in(word).is_some();
            if !arguments.iter().any(addressed) {
                arguments.splice(0..0, default_addresses(self.name()));
            }
            for argument in &mut arguments {
                let unknown = port_in(argument)
                    .filter(|port| !ports.0.contains_key(port));
                if let Some(port) = unknown {
                    opens.push(port);
                    *argument = argument.replace(&format!(":{port}"), ":0");
                }
            }
        }
        let mut command = if is_lesson {
            lesson(self.name())
        } else {
            Command::new(self.name())
        };
        command.args(arguments.iter().map(|word| ports.to_real(word)));
        (command, opens)
    }

    fn play(
        &self,
        mut program: Program,
        ports: &Ports,
        told: &impl Fn(&str, &str),
        mut wait_for_others: impl FnMut(bool),
    ) {
        let mut seen = 0;
        let mut interrupted = false;
        let mut crashes = false;
        for step in &self.steps {
            match step {
                Step::Prints(_) => {
                    let lines = program.wait_for_lines(seen + 1);
                    told(self.name(), &lines[seen]);
                    seen += 1;
                }
                Step::PrintsMore => {}
                Step::Types(line) => program.type_line(line),
                Step::EndsInput => program.end_input(),
                Step::Interrupts | Step::InterruptsLast => {
                    wait_for_others(*step == Step::InterruptsLast);
                    interrupted = true;
                    program.interrupt();
                }
                Step::Crashes => crashes = true,
            }
        }
        let finished = program.finish();
        assert!(
            ended_well(finished.status, interrupted) != crashes,
            "{} ended with {}:\n{}",
            self.name(),
            finished.status,
            finished.stdout
        );
        let expected: String = self
            .steps
            .iter()
            .filter_map(|step| match step {
                Step::Prints(line) => Some(format!("{line}\n")),
                Step::PrintsMore => Some("...\n".to_string()),
                _ => None,
            })
            .collect();
        snapbox::assert_data_eq!(
            ports.to_documented(&finished.stdout),
            expected.into_data()
        );
    }
}

/// Waits until nobody can send any more.
///
/// # Panics
/// Where that takes too long.
fn wait_for(ended: &Mutex<Receiver<Infallible>>) {
    let ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(
        ended.recv_timeout(DEADLINE) != Err(RecvTimeoutError::Timeout),
        "a program that nobody interrupts did not end"
    );
}

/// A program that does not handle Ctrl-C is ended by it, which is as good.
fn ended_well(status: ExitStatus, interrupted: bool) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        let interrupt = rustix::process::Signal::INT.as_raw();
        status.success() || interrupted && status.signal() == Some(interrupt)
    }
    #[cfg(not(unix))]
    {
        status.success() || interrupted
    }
}

/// Documented ports and the ones that stand in for them.
struct Ports(BTreeMap<u16, u16>);

impl Ports {
    fn to_real(&self, word: &str) -> String {
        if let Some(real) = word.parse().ok().and_then(|port| self.0.get(&port))
        {
            return real.to_string();
        }
        self.0
            .iter()
            .fold(word.to_string(), |word, (documented, real)| {
                word.replace(&format!(":{documented}"), &format!(":{real}"))
            })
    }

    fn to_documented(&self, text: &str) -> String {
        self.0
            .iter()
            .fold(text.to_string(), |text, (documented, real)| {
                text.replace(&format!(":{real}"), &format!(":{documented}"))
            })
    }
}

/// The port in an address or URL: the digits after its last colon.
fn port_in(word: &str) -> Option<u16> {
    let (_, after) = word.rsplit_once(':')?;
    let digits = after.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

/// The lesson's own addresses, from its source.
fn default_addresses(name: &str) -> Vec<String> {
    let source = source_of(name).unwrap_or_default();
    let addresses = source.lines().filter_map(|line| {
        let line = line.strip_prefix("const ")?;
        let (name, value) = line.split_once(": &str = \"")?;
        let known = ["ADDRESS", "URL", "ENDPOINT"].contains(&name)
            || name.ends_with("_ENDPOINT");
        known.then(|| value.trim_end_matches("\";").to_string())
    });
    addresses.collect()
}

/// The source of a lesson's program, by the lesson's name.
fn source_of(name: &str) -> Option<String> {
    let parts = fs::read_dir(workspace().join("crates")).ok()?;
    let mut mains = parts
        .filter_map(|part| Some(part.ok()?.path().join(name)))
        .map(|lesson| lesson.join("src/main.rs"));
    fs::read_to_string(mains.find(|main| main.exists())?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"//! # Title
//!
//! ```console
//! $ cargo run -p server -- 127.0.0.1:8000
//! A escutar em 127.0.0.1:8000
//!
//! Recebido: «a b»
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p client "a b"
//! > olá
//! ^D
//! ```
//!
//! ```console
//! $ other
//! ```
use std::env;
"#;

    #[test]
    fn a_header_becomes_sessions_of_terminals() {
        let sessions = Session::all_in(HEADER);
        assert_eq!(sessions.len(), 2);
        let [server, client] = &sessions[0].terminals[..] else {
            panic!("two terminals: {sessions:?}")
        };
        assert_eq!(server.name(), "server");
        assert_eq!(server.ready, Some(1));
        assert_eq!(server.lines().len(), 2);
        assert_eq!(server.steps.last(), Some(&Step::Interrupts));
        assert_eq!(client.words.last().map(String::as_str), Some("a b"));
        assert_eq!(
            client.steps,
            [Step::Types("olá".to_string()), Step::EndsInput]
        );
        assert_eq!(client.ready, None);
    }

    #[test]
    fn a_blank_line_before_ctrl_c_keeps_nobody_waiting() {
        let lines = ["$ server", "a", "...", "", "^C", "", "$ client"];
        let session = Session::parse(lines.into_iter());
        assert_eq!(session.terminals[0].ready, None);
        assert_eq!(
            session.terminals[0].steps[1..],
            [Step::PrintsMore, Step::InterruptsLast]
        );
    }

    #[test]
    fn last_lines_may_be_any_or_none() {
        for text in ["a\\n", "a\\nb\\nc\\n"] {
            let command = format!("$ printf '{text}'");
            let lines = [command.as_str(), "a", "..."];
            Session::parse(lines.into_iter()).play(&[], |_, _| {});
        }
    }

    #[test]
    fn ports_are_found_and_exchanged() {
        assert_eq!(port_in("127.0.0.1:65432"), Some(65432));
        assert_eq!(port_in("mqtt://localhost:1883/x"), Some(1883));
        assert_eq!(port_in("amqp://a:b@127.0.0.1:5672/%2f"), Some(5672));
        assert_eq!(port_in("building/floor1"), None);
        assert_eq!(port_in("nota: 5 valores"), None);

        let ports = Ports(BTreeMap::from([(8000, 41234)]));
        assert_eq!(ports.to_real("http://[::1]:8000/"), "http://[::1]:41234/");
        assert_eq!(ports.to_real("8000"), "41234");
        assert_eq!(
            ports.to_documented("em 127.0.0.1:41234"),
            "em 127.0.0.1:8000"
        );
    }

    #[test]
    #[should_panic(expected = "ended with")]
    fn a_program_that_fails_fails_the_session() {
        let session = Session::parse(["$ false"].into_iter());
        session.play(&[], |_, _| {});
    }

    #[test]
    #[should_panic(expected = "ended with")]
    fn a_program_that_should_crash_and_does_not_fails_the_session() {
        let session = Session::parse(["$ true", "Aborted"].into_iter());
        session.play(&[], |_, _| {});
    }

    #[test]
    #[should_panic(expected = "waited in vain for 2 lines")]
    fn a_line_that_never_comes_fails_the_session() {
        let session = Session::parse(["$ echo a", "a", "b"].into_iter());
        session.play(&[], |_, _| {});
    }

    #[test]
    #[should_panic(expected = "mais")]
    fn a_line_too_many_fails_the_session() {
        let lines = ["$ printf 'a\\nmais\\n'", "a"];
        Session::parse(lines.into_iter()).play(&[], |_, _| {});
    }
}
