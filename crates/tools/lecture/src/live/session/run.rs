//! One run of a terminal's program, from cargo's first word to its end.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use programs::{Build, BuildError, Folder, Program, Setup, Stream, Target};
use transcript::Ports;

use super::{AT_ALL, ON_A_PAGE, Page, RUNNING, State};
use crate::live::cast::{FOLDER, Runs};
use crate::live::event::{Event, Number, Source};
use crate::live::text::Decoder;

/// How many lines may wait for a program that does not read its input.
const LINES: usize = 100;

/// How much of its output is kept for who looks for it here: nobody.
const KEPT: usize = 4 << 10;

/// A run, in the hands of the person.
#[derive(Clone)]
pub struct Run(Arc<Inner>);

struct Inner {
    input: SyncSender<Input>,
    program: OnceLock<Arc<Program>>,
    /// Nothing more is to be built or started.
    stopped: Arc<AtomicBool>,
}

pub enum Input {
    Line(String),
    End,
}

impl Run {
    pub fn new() -> (Run, Receiver<Input>) {
        let (input, typed) = mpsc::sync_channel(LINES);
        let run = Run(Arc::new(Inner {
            input,
            program: OnceLock::new(),
            stopped: Arc::default(),
        }));
        (run, typed)
    }

    /// Types a line, if the program is not far behind; whether it did.
    pub fn type_line(&self, text: &str) -> bool {
        self.0
            .input
            .try_send(Input::Line(format!("{text}\n")))
            .is_ok()
    }

    /// Ctrl-D, after what was typed so far.
    pub fn end_input(&self) {
        // In vain only where a hundred lines wait already.
        let _ = self.0.input.try_send(Input::End);
    }

    /// Ctrl-C: ends a build, too.
    pub fn interrupt(&self) {
        match self.0.program.get() {
            Some(program) => program.interrupt(),
            None => self.kill(),
        }
    }

    /// Ends it at once, as `kill -9` does.
    pub fn kill(&self) {
        self.0.stopped.store(true, Ordering::SeqCst);
        if let Some(program) = self.0.program.get() {
            // What cannot be killed here is gone already.
            let _ = program.kill();
        }
    }

    fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::SeqCst)
    }
}

/// Gives a program what is typed, for as long as it reads and somebody may
/// type.
fn feed(program: &Program, typed: &Receiver<Input>) {
    for input in typed {
        match input {
            Input::Line(line) => {
                if program.write(line.as_bytes()).is_err() {
                    return;
                }
            }
            Input::End => program.end_input(),
        }
    }
}

impl Page {
    /// Starts what belongs in a terminal, if nothing runs there.
    pub fn start(self: &Arc<Page>, terminal: Number) {
        let mut state = self.lock();
        let running = state.terminals.iter().filter(|t| t.run.is_some());
        let full = running.count() >= ON_A_PAGE;
        let session = state.session;
        match state.terminals.get(terminal) {
            Some(found) if found.run.is_none() && !state.is_gone => {}
            _ => return,
        }
        let Some(place) = (!full).then(Place::take).flatten() else {
            drop(state);
            let text = format!(
                "Já correm programas que cheguem: {ON_A_PAGE} numa página, \
                 {AT_ALL} ao todo. Termine um antes de iniciar outro."
            );
            return self.notice(&text);
        };
        let runs = state.terminals[terminal].role.runs.clone();
        if runs == Runs::Page {
            return;
        }
        let (ports, arguments) = match state.arguments(terminal) {
            Ok(arguments) => arguments,
            Err(error) => {
                drop(state);
                let text = format!("Não há onde correr o programa ({error}).");
                return self.notice(&text);
            }
        };
        let (run, typed) = Run::new();
        let found = &mut state.terminals[terminal];
        found.run = Some(run.clone());
        found.printed = 0;
        let task = Task {
            page: Arc::clone(self),
            session,
            terminal,
            runs,
            arguments,
            ports,
            run,
        };
        thread::spawn(move || {
            task.perform(typed);
            drop(place);
        });
    }
}

impl State {
    /// What a terminal's program is told, and the ports in it.
    fn arguments(
        &mut self,
        terminal: Number,
    ) -> io::Result<(Ports, Vec<String>)> {
        let mut ports = self.ports(terminal)?;
        let role = &self.terminals[terminal].role;
        role.complete(&mut ports);
        let mut arguments = role.arguments.clone();
        for word in &mut arguments {
            *word = ports.to_real(word);
            if word == FOLDER {
                let folder = match self.folder.take() {
                    Some(folder) => folder,
                    None => Folder::new("lecture")?,
                };
                *word = folder.path().to_string_lossy().into_owned();
                self.folder = Some(folder);
            }
        }
        Ok((ports, arguments))
    }
}

/// A place among the programs that may run at a time.
struct Place;

impl Place {
    fn take() -> Option<Place> {
        let more = |running| (running < AT_ALL).then_some(running + 1);
        let order = Ordering::SeqCst;
        RUNNING.fetch_update(order, order, more).ok().map(|_| Place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What is to be run, and where it is told.
struct Task {
    page: Arc<Page>,
    session: u64,
    terminal: Number,
    runs: Runs,
    arguments: Vec<String>,
    ports: Ports,
    run: Run,
}

impl Task {
    fn perform(&self, typed: Receiver<Input>) {
        let how = match self.executable() {
            Ok(path) if !self.run.is_stopped() => {
                self.execute(&path, typed).unwrap_or_else(|error| {
                    let name = path.display();
                    self.say(&format!(
                        "Não foi possível correr {name}: {error}"
                    ));
                    String::new()
                })
            }
            Ok(_) => String::new(),
            Err(words) => {
                self.say(&words);
                String::new()
            }
        };
        let mut state = self.page.lock();
        let left = (state.session == self.session)
            .then_some(state.wire.as_mut())
            .flatten()
            .map(|wire| wire.ended(self.terminal));
        match left {
            Some(Ok(left)) => {
                for terminal in state.pages(&left) {
                    let how = String::new();
                    self.tell(Event::Ended { terminal, how });
                }
            }
            Some(Err(error)) => {
                self.say(&format!("A porta não fecha: {error}"));
            }
            None => {}
        }
        if let Some(terminal) = state.terminals.get_mut(self.terminal) {
            terminal.run = None;
        }
        self.tell(Event::Ended {
            terminal: self.terminal,
            how,
        });
        drop(state);
        self.page.changed.notify_all();
    }

    /// The program's file, built if it must be; or why there is none, after
    /// what cargo said of it.
    fn executable(&self) -> Result<PathBuf, String> {
        let terminal = self.terminal;
        let name = match &self.runs {
            Runs::Program(name) => name,
            Runs::Command(name) => return Ok(PathBuf::from(name)),
            Runs::Page => return Err(String::new()),
        };
        self.tell(Event::Building { terminal });
        let page = Arc::clone(&self.page);
        let session = self.session;
        let mut cargo = Cargo::default();
        let built = Build::new([Target::Bin(name)])
            .as_in_the_whole_workspace()
            .until(Arc::clone(&self.run.0.stopped))
            .hearing(move |bytes| {
                let text = cargo.hear(bytes);
                if !text.is_empty() {
                    let from = Source::Cargo;
                    let event = Event::Output {
                        terminal,
                        from,
                        text,
                    };
                    page.outbox.add(session, event);
                }
            })
            .run();
        match built {
            Ok(mut paths) => paths
                .remove(name.as_str())
                .ok_or_else(|| format!("{name} não é um programa desta aula")),
            Err(error) => Err(why(&error)),
        }
    }

    /// Runs it, and tells how it ended.
    fn execute(
        &self,
        path: &Path,
        typed: Receiver<Input>,
    ) -> io::Result<String> {
        let terminal = self.terminal;
        let mut command = Command::new(path);
        command
            .args(&self.arguments)
            .current_dir(&self.page.workspace);
        let mut decoders = [Decoder::default(), Decoder::default()];
        let page = Arc::clone(&self.page);
        let session = self.session;
        let ports = self.ports.clone();
        self.tell(Event::Started { terminal });
        let program = Setup::new(&mut command)
            .keeping(KEPT)
            .hearing(move |stream, bytes| {
                let (from, decoder) = match stream {
                    Stream::Stdout => (Source::Stdout, &mut decoders[0]),
                    Stream::Stderr => (Source::Stderr, &mut decoders[1]),
                };
                let text = decoder.decode(bytes);
                page.printed(session, terminal, &text);
                let text = ports.to_documented(&text);
                page.outbox.add(
                    session,
                    Event::Output {
                        terminal,
                        from,
                        text,
                    },
                );
            })
            .start()?;
        let program = self.run.0.program.get_or_init(|| Arc::new(program));
        if self.run.is_stopped() {
            program.kill()?;
        }
        let fed = Arc::clone(program);
        thread::spawn(move || feed(&fed, &typed));
        // Who holds its output still writes: it has not ended for the page.
        program.stdout().wait_for_end(Duration::MAX);
        program.stderr().wait_for_end(Duration::MAX);
        let status = program.wait(Duration::MAX)?;
        Ok(how(status))
    }

    fn say(&self, words: &str) {
        if !words.is_empty() {
            self.tell(Event::Output {
                terminal: self.terminal,
                from: Source::Stderr,
                text: format!("{words}\n"),
            });
        }
    }

    fn tell(&self, event: Event) {
        self.page.outbox.add(self.session, event);
    }
}

/// What cargo says, but for the line that it has nothing to do.
#[derive(Default)]
struct Cargo {
    decoder: Decoder,
    held: String,
    said: bool,
}

impl Cargo {
    /// Takes cargo's words, and gives those that are to be shown.
    fn hear(&mut self, bytes: &[u8]) -> String {
        let text = self.decoder.decode(bytes);
        if self.said {
            return text;
        }
        self.held += &text;
        let line = self.held.trim_end();
        if line.is_empty() || line.contains("Finished") && !line.contains('\n')
        {
            return String::new();
        }
        self.said = true;
        std::mem::take(&mut self.held)
    }
}

/// How a program ended: a status, or the name of a signal.
fn how(status: ExitStatus) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if let Some(signal) = status.signal() {
            let known = [
                (1, "SIGHUP"),
                (2, "SIGINT"),
                (6, "SIGABRT"),
                (9, "SIGKILL"),
                (11, "SIGSEGV"),
                (13, "SIGPIPE"),
                (15, "SIGTERM"),
            ];
            return known
                .iter()
                .find(|(number, _)| *number == signal)
                .map_or(format!("sinal {signal}"), |(_, name)| {
                    name.to_string()
                });
        }
    }
    status.code().unwrap_or_default().to_string()
}

/// Why there is no program; nothing where cargo itself says it.
pub fn why(error: &BuildError) -> String {
    match error {
        BuildError::DoesNotCompile(_) | BuildError::Failed(_) => String::new(),
        BuildError::NoCargo(error) => format!(
            "Não foi possível correr o cargo ({error}). Instale o Rust: \
             https://rustup.rs"
        ),
        BuildError::ReadOnly(folder) => format!(
            "Não é possível escrever em {}, onde o cargo compila",
            folder.display()
        ),
        BuildError::NoWorkspace => "A pasta da aula já não está aqui".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_is_silent_where_there_is_nothing_to_do() {
        let finished = "\x1b[1m\x1b[92m    Finished\x1b[0m `dev` profile\n";
        let mut cargo = Cargo::default();
        assert_eq!(cargo.hear(finished.as_bytes()), "");

        let mut cargo = Cargo::default();
        let compiling = "   Compiling x v0.1.0\n";
        assert_eq!(cargo.hear(compiling.as_bytes()), compiling);
        assert_eq!(cargo.hear(finished.as_bytes()), finished);
    }
}
