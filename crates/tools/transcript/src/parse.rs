//! What a block says.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::address::{addresses_of, port_of};

/// One `console` block.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Transcript {
    /// In the order in which they start.
    pub terminals: Vec<Terminal>,
}

/// A terminal, and what happens in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terminal {
    /// What is typed at the prompt.
    pub command: String,
    /// How many lines must be there before the next terminal starts.
    pub ready: usize,
    /// What happens after that.
    pub steps: Vec<Step>,
    /// Of the command.
    words: Vec<String>,
    arguments: Vec<String>,
    listens: Vec<u16>,
    connects: Vec<u16>,
}

/// Something that happens in a terminal.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// The program prints a line like this one, with `[..]` for what varies.
    Prints(String),
    /// The program may print more lines, whatever they are.
    PrintsMore,
    /// The student types a line, and Enter.
    Types(String),
    /// The student presses Ctrl-D.
    EndsInput,
    /// The student presses Ctrl-C.
    Interrupts,
    /// The same, when all the others have ended.
    InterruptsLast,
}

/// A line of a block that says nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Malformed {
    /// The line.
    pub line: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: «{}»", self.why, self.line)
    }
}

impl std::error::Error for Malformed {}

impl Transcript {
    /// The blocks in the header of a lesson of this workspace, by its name;
    /// none where there is no such lesson.
    ///
    /// # Errors
    /// Where its source cannot be read, or a block is malformed.
    pub fn all_of(
        workspace: &Path,
        lesson: &str,
    ) -> io::Result<Vec<Transcript>> {
        let Some(folder) = folder_of(workspace, lesson) else {
            return Ok(Vec::new());
        };
        let source = fs::read_to_string(folder.join("src/main.rs"))?;
        let mut all = Transcript::all_in(&source).map_err(io::Error::other)?;
        for transcript in &mut all {
            transcript.find_addresses(workspace);
        }
        Ok(all)
    }

    /// The blocks in the `//!` header of a source. Where a command leaves its
    /// lesson's addresses out, nothing is known of them.
    ///
    /// # Errors
    /// Where a block is malformed.
    pub fn all_in(source: &str) -> Result<Vec<Transcript>, Malformed> {
        let mut all = Vec::new();
        let mut lines = source
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .map(|line| line.strip_prefix(' ').unwrap_or(line));
        while lines.by_ref().any(|line| line == "```console") {
            let block = lines.by_ref().take_while(|line| *line != "```");
            all.push(Transcript::parse(block)?);
        }
        Ok(all)
    }

    /// A block, by its lines.
    ///
    /// # Errors
    /// Where it is malformed.
    pub fn parse<'a>(
        lines: impl IntoIterator<Item = &'a str>,
    ) -> Result<Transcript, Malformed> {
        let mut terminals: Vec<Terminal> = Vec::new();
        let mut blank = false;
        let mut ready = None;
        for line in lines {
            let malformed = |why| Malformed {
                line: line.to_string(),
                why,
            };
            if line.is_empty() {
                blank = true;
                continue;
            }
            if line.starts_with("# ") {
                continue;
            }
            if let Some(command) = line.strip_prefix("$ ") {
                let terminal = Terminal::new(command);
                terminals.push(terminal.ok_or(malformed("no command"))?);
                (blank, ready) = (false, None);
                continue;
            }
            let terminal = terminals
                .last_mut()
                .ok_or(malformed("before the first command"))?;
            let printed = terminal.lines().len();
            let after_blank = std::mem::take(&mut blank);
            if after_blank && line != "^C" {
                ready.get_or_insert(printed);
            }
            terminal.steps.push(match line {
                "^C" if after_blank => Step::InterruptsLast,
                "^C" => Step::Interrupts,
                "..." => Step::PrintsMore,
                "^D" => Step::EndsInput,
                _ => match line.strip_prefix("> ") {
                    Some(typed) => Step::Types(typed.to_string()),
                    None => Step::Prints(line.to_string()),
                },
            });
            terminal.ready = ready.unwrap_or(1).min(terminal.lines().len());
        }
        let mut transcript = Transcript { terminals };
        transcript.find_ports();
        Ok(transcript)
    }

    /// Gives each lesson that was not told its addresses its own.
    fn find_addresses(&mut self, workspace: &Path) {
        for terminal in &mut self.terminals {
            let told = terminal.arguments.iter().any(|w| port_of(w).is_some());
            if let Some(lesson) = terminal.lesson()
                && let Some(folder) = folder_of(workspace, lesson)
                && !told
            {
                terminal.arguments.splice(0..0, addresses_of(&folder));
            }
        }
        self.find_ports();
    }

    /// Who names a port first, listens on it. (No lesson is an AMQP broker.)
    fn find_ports(&mut self) {
        let mut known = Vec::new();
        for terminal in &mut self.terminals {
            let is_lesson = terminal.lesson().is_some();
            (terminal.listens, terminal.connects) = (Vec::new(), Vec::new());
            for word in &terminal.arguments {
                let Some(port) = port_of(word) else {
                    continue;
                };
                let opens = is_lesson && !word.starts_with("amqp://");
                if opens && !known.contains(&port) {
                    terminal.listens.push(port);
                    known.push(port);
                } else {
                    terminal.connects.push(port);
                }
            }
        }
    }
}

impl Terminal {
    fn new(command: &str) -> Option<Terminal> {
        let words = shlex::split(command).filter(|words| !words.is_empty())?;
        let mut terminal = Terminal {
            command: command.to_string(),
            words,
            ..Terminal::default()
        };
        let before = match terminal.lesson() {
            Some(_) => terminal.words.iter().position(|word| word == "--"),
            None => Some(0),
        };
        let after = before.and_then(|at| terminal.words.get(at + 1..));
        terminal.arguments = after.unwrap_or_default().to_vec();
        Some(terminal)
    }

    /// The lesson that runs in it; `None` where another program does.
    pub fn lesson(&self) -> Option<&str> {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        match words[..] {
            ["cargo", "run", "-p", name, ..] => Some(name),
            _ => None,
        }
    }

    /// The lesson's name, or the program's.
    pub fn name(&self) -> &str {
        self.lesson().unwrap_or(&self.words[0])
    }

    /// The program's arguments. Where the command of a lesson leaves its
    /// addresses out, those that are its own come first.
    pub fn arguments(&self) -> &[String] {
        &self.arguments
    }

    /// The documented ports on which it listens.
    pub fn listens(&self) -> &[u16] {
        &self.listens
    }

    /// The documented ports to which it connects.
    pub fn connects(&self) -> &[u16] {
        &self.connects
    }

    /// The lines for which it waits, as they are documented.
    pub fn lines(&self) -> Vec<&str> {
        let printed = self.steps.iter().filter_map(|step| match step {
            Step::Prints(line) => Some(line.as_str()),
            _ => None,
        });
        printed.collect()
    }

    /// All that it prints, as it is documented: each line, with `[..]` for what
    /// varies in it, and `...` for any number of lines.
    pub fn output(&self) -> String {
        let printed = self.steps.iter().filter_map(|step| match step {
            Step::Prints(line) => Some(format!("{line}\n")),
            Step::PrintsMore => Some("...\n".to_string()),
            _ => None,
        });
        printed.collect()
    }

    /// Whether Ctrl-C ends it.
    pub fn is_interrupted(&self) -> bool {
        let keys = [Step::Interrupts, Step::InterruptsLast];
        self.steps.iter().any(|step| keys.contains(step))
    }
}

/// A lesson's folder, by the lesson's name.
fn folder_of(workspace: &Path, name: &str) -> Option<PathBuf> {
    // A name, and no way out of here.
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(is_word) {
        return None;
    }
    let parts = fs::read_dir(workspace.join("crates")).ok()?;
    parts
        .filter_map(|part| Some(part.ok()?.path().join(name)))
        .find(|lesson| lesson.join("src/main.rs").exists())
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
//! $ cargo run -p client -- 127.0.0.1:8000 "a b"
//! > olá
//! ^D
//! ```
//!
//! ```console
//! $ other
//! a
//! b
//! ```
use std::env;
"#;

    #[test]
    fn a_header_becomes_terminals() {
        let all = Transcript::all_in(HEADER).expect("two blocks");
        assert_eq!(all.len(), 2);
        let [server, client] = &all[0].terminals[..] else {
            panic!("two terminals: {all:?}")
        };
        assert_eq!(server.name(), "server");
        assert_eq!(server.ready, 1);
        assert_eq!(server.lines().len(), 2);
        assert_eq!(server.steps.last(), Some(&Step::Interrupts));
        assert_eq!(server.listens(), [8000]);
        assert_eq!(client.arguments(), ["127.0.0.1:8000", "a b"]);
        let steps = [Step::Types("olá".to_string()), Step::EndsInput];
        assert_eq!(client.steps, steps);
        assert_eq!(client.ready, 0);
        assert_eq!(client.connects(), [8000]);
        assert_eq!(all[1].terminals[0].lesson(), None);
        assert_eq!(all[1].terminals[0].ready, 1);
    }

    #[test]
    fn a_blank_line_before_ctrl_c_keeps_nobody_waiting() {
        let lines = ["$ server", "a", "b", "...", "", "^C", "", "$ client"];
        let transcript = Transcript::parse(lines).expect("a block");
        let server = &transcript.terminals[0];
        assert_eq!(server.ready, 1);
        assert_eq!(server.steps[2..], [Step::PrintsMore, Step::InterruptsLast]);
        assert!(server.is_interrupted());
        assert_eq!(server.lines(), ["a", "b"]);
        assert_eq!(server.output(), "a\nb\n...\n");
    }

    #[test]
    fn a_broker_that_is_no_lesson_is_connected_to() {
        let lines = ["$ cargo run -p consumer -- amqp://127.0.0.1:5672"];
        let transcript = Transcript::parse(lines).expect("a block");
        assert_eq!(transcript.terminals[0].listens(), [0_u16; 0]);
        assert_eq!(transcript.terminals[0].connects(), [5672]);
    }

    #[test]
    fn what_says_nothing_is_told() {
        let error = Transcript::parse(["a line"]).expect_err("no command");
        assert_eq!(error.line, "a line");
        let error = Transcript::parse(["$ a 'b"]).expect_err("no quote");
        assert_eq!(error.line, "$ a 'b");
        assert!(Transcript::parse(["$ "]).is_err());
    }
}
