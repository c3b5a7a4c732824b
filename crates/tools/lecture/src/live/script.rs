//! A lesson's console blocks: what a student types into each terminal.
// Stands in for crates/tools/transcript until that is there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// One console block.
#[derive(Debug, Default)]
pub struct Script {
    pub terminals: Vec<Terminal>,
}

#[derive(Clone, Debug, Default)]
pub struct Terminal {
    /// What is typed at the prompt.
    pub command: String,
    pub words: Vec<String>,
    /// Lines that must be there before the next terminal starts.
    pub ready: Option<usize>,
    pub steps: Vec<Step>,
    /// The documented ports on which it listens, and those it connects to.
    pub listens: Vec<u16>,
    pub connects: Vec<u16>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Prints,
    Types(String),
    EndsInput,
    Interrupts,
    Crashes,
}

impl Script {
    /// The console blocks in the header of a lesson's program.
    pub fn all_in(workspace: &Path, lesson: &str) -> Vec<Script> {
        let source = source_of(workspace, lesson).unwrap_or_default();
        let mut scripts = Vec::new();
        let mut lines = source
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .map(|line| line.strip_prefix(' ').unwrap_or(line));
        while lines.by_ref().any(|line| line == "```console") {
            let block = lines.by_ref().take_while(|line| *line != "```");
            scripts.push(Script::parse(block, workspace));
        }
        scripts
    }

    fn parse<'a>(
        lines: impl Iterator<Item = &'a str>,
        workspace: &Path,
    ) -> Script {
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
                terminals.push(Terminal {
                    words: shlex::split(command).unwrap_or_default(),
                    command: command.to_string(),
                    ..Terminal::default()
                });
                blank = false;
                continue;
            }
            let Some(terminal) = terminals.last_mut() else {
                continue;
            };
            if std::mem::take(&mut blank) {
                terminal.ready.get_or_insert(terminal.printed());
            }
            terminal.steps.push(match line {
                "^C" => Step::Interrupts,
                "^D" => Step::EndsInput,
                "Aborted" => Step::Crashes,
                _ => match line.strip_prefix("> ") {
                    Some(typed) => Step::Types(typed.to_string()),
                    None => Step::Prints,
                },
            });
        }
        let mut known: Vec<u16> = Vec::new();
        for terminal in &mut terminals {
            if terminal.program().is_some() {
                let defaults = terminal.default_addresses(workspace);
                let after = terminal.words.iter().position(|word| word == "--");
                let at = match after {
                    Some(at) => at + 1,
                    None => {
                        terminal.words.push("--".to_string());
                        terminal.words.len()
                    }
                };
                if !terminal.words[at..].iter().any(|w| port_in(w).is_some()) {
                    terminal.words.splice(at..at, defaults);
                }
            }
            let server = terminal.program().is_some();
            for port in terminal.words.iter().filter_map(|word| port_in(word)) {
                if server && !known.contains(&port) {
                    known.push(port);
                    terminal.listens.push(port);
                } else {
                    terminal.connects.push(port);
                }
            }
        }
        Script { terminals }
    }
}

impl Terminal {
    /// How many lines it prints.
    pub fn printed(&self) -> usize {
        let prints = |step: &&Step| **step == Step::Prints;
        self.steps.iter().filter(prints).count()
    }

    /// The lesson that runs in it.
    pub fn program(&self) -> Option<&str> {
        match &self.words[..] {
            [cargo, run, p, name, ..]
                if [cargo, run, p] == ["cargo", "run", "-p"] =>
            {
                Some(name)
            }
            _ => None,
        }
    }

    pub fn name(&self) -> &str {
        self.program().unwrap_or(&self.words[0])
    }

    /// The arguments of its program, with other ports.
    pub fn arguments(&self, ports: &BTreeMap<u16, u16>) -> Vec<String> {
        let lesson = self.program().is_some();
        self.words
            .iter()
            .skip_while(|word| lesson && *word != "--")
            .skip(1)
            .map(|word| {
                ports.iter().fold(word.clone(), |word, (from, to)| {
                    word.replace(&format!(":{from}"), &format!(":{to}"))
                })
            })
            .collect()
    }

    fn default_addresses(&self, workspace: &Path) -> Vec<String> {
        let source = source_of(workspace, self.name()).unwrap_or_default();
        let addresses = source.lines().filter_map(|line| {
            let line = line.strip_prefix("const ")?;
            let (name, value) = line.split_once(": &str = \"")?;
            let known = ["ADDRESS", "URL", "ENDPOINT"].contains(&name)
                || name.ends_with("_ENDPOINT");
            known.then(|| value.trim_end_matches("\";").to_string())
        });
        addresses.collect()
    }
}

fn port_in(word: &str) -> Option<u16> {
    let (_, after) = word.rsplit_once(':')?;
    let digits = after.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn source_of(workspace: &Path, name: &str) -> Option<String> {
    let parts = fs::read_dir(workspace.join("crates")).ok()?;
    let mut mains = parts
        .filter_map(|part| Some(part.ok()?.path().join(name)))
        .map(|lesson| lesson.join("src/main.rs"));
    fs::read_to_string(mains.find(|main| main.exists())?).ok()
}
