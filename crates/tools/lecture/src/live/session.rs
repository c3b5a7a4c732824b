//! The programs of one page: started, heard and ended as the person says.

mod player;
mod run;
mod wire;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

use programs::Folder;
use serde::Deserialize;
use transcript::{Ports, Step};

use super::cast::{Cast, Role, Runs};
use super::event::{Event, Number, Outbox, Source};
use run::Run;
use wire::Wire;

pub use run::why;

/// The most programs that run at a time, for one page and for all.
const ON_A_PAGE: usize = 12;
const AT_ALL: usize = 40;

/// How many programs run now, for all pages.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// What a page asks for.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Request {
    /// The console block from its beginning, up to the keys that end
    /// something.
    Play,
    /// Those keys.
    Finish,
    /// The terminals of this console block of the lesson, from 0.
    Open { block: usize },
    /// The program of this terminal.
    Start { terminal: Number },
    /// The same program once more, in a terminal of its own.
    More { terminal: Number },
    /// A line, with Enter.
    Type { terminal: Number, text: String },
    /// Ctrl-C.
    Interrupt { terminal: Number },
    /// Ctrl-D.
    EndInput { terminal: Number },
    /// The end, without asking.
    Kill { terminal: Number },
    /// The end of everything.
    Stop,
    /// What went over the wire, as a file.
    Capture,
}

/// A page's terminals and what runs in them. All of it ends when this is
/// dropped.
pub struct Session {
    requests: mpsc::Sender<Request>,
    page: Arc<Page>,
}

struct Page {
    workspace: PathBuf,
    lesson: String,
    outbox: Arc<Outbox>,
    files: tokio::sync::mpsc::Sender<Vec<u8>>,
    state: Mutex<State>,
    /// Whatever a player may wait for has changed.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The outbox's number for it.
    session: u64,
    /// The page has gone: nothing starts any more.
    is_gone: bool,
    block: usize,
    terminals: Vec<Terminal>,
    wire: Option<Wire>,
    /// Which player plays the block; another number, and it stops.
    player: u64,
    /// Whether it may press the keys that end something.
    finishing: bool,
    /// Where programs may leave what they keep.
    folder: Option<Folder>,
}

struct Terminal {
    role: Role,
    name: String,
    /// How many lines its program has printed.
    printed: usize,
    /// How many steps of its block are done.
    done: usize,
    run: Option<Run>,
}

impl Session {
    /// The terminals of a lesson's first console block, nothing in them yet.
    pub fn new(
        workspace: &Path,
        lesson: &str,
        outbox: Arc<Outbox>,
        files: tokio::sync::mpsc::Sender<Vec<u8>>,
    ) -> Session {
        let page = Arc::new(Page {
            workspace: workspace.to_path_buf(),
            lesson: lesson.to_string(),
            outbox,
            files,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let (requests, asked) = mpsc::channel();
        let serving = Arc::clone(&page);
        // Programs end in their own time: what waits for them waits here.
        thread::spawn(move || {
            serving.begin(0);
            for request in asked {
                serving.serve(request);
            }
            serving.end_all();
        });
        Session { requests, page }
    }

    /// Does what the page asks for, one request after the other; gives at
    /// once.
    pub fn request(&self, request: Request) {
        // Without its thread, the page is about to go.
        let _ = self.requests.send(request);
    }

    /// What still runs, and for what in its block it waits: a line for each
    /// terminal.
    pub fn unfinished(&self) -> String {
        let state = self.page.lock();
        let running = state.terminals.iter().filter(|t| t.run.is_some());
        let lines: Vec<String> = running.map(Terminal::unfinished).collect();
        lines.join("\n")
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.page.lock().is_gone = true;
        self.page.changed.notify_all();
    }
}

impl Page {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(self: &Arc<Page>, request: Request) {
        match request {
            Request::Open { block } => self.begin(block),
            Request::Play => {
                let block = self.lock().block;
                self.begin(block);
                player::play(self);
            }
            Request::Finish => {
                self.lock().finishing = true;
                self.changed.notify_all();
            }
            Request::Start { terminal } => self.start(terminal),
            Request::More { terminal } => {
                if let Some(added) = self.add_like(terminal) {
                    self.start(added);
                }
            }
            Request::Type { terminal, text } => {
                self.type_line(terminal, &text);
            }
            Request::EndInput { terminal } => self.end_input(terminal),
            Request::Interrupt { terminal } => self.interrupt(terminal),
            Request::Kill { terminal } => {
                if let Some(run) = self.run_in(terminal) {
                    self.typed(terminal, "kill -9");
                    run.kill();
                }
            }
            Request::Stop => {
                self.lock().player += 1;
                self.end_all();
            }
            Request::Capture => self.capture(),
        }
    }

    fn type_line(&self, terminal: Number, text: &str) {
        let Some(run) = self.run_in(terminal) else {
            return;
        };
        if run.type_line(text) {
            self.typed(terminal, &format!("> {text}"));
        } else {
            self.notice(
                "O programa não lê o que se escreve: há cem linhas à espera.",
            );
        }
    }

    fn end_input(&self, terminal: Number) {
        if let Some(run) = self.run_in(terminal) {
            self.typed(terminal, "^D");
            run.end_input();
        }
    }

    fn interrupt(&self, terminal: Number) {
        if let Some(run) = self.run_in(terminal) {
            self.typed(terminal, "^C");
            run.interrupt();
        }
    }

    /// Shows what the person did, as the console block does.
    fn typed(&self, terminal: Number, text: &str) {
        let (from, text) = (Source::Stdin, format!("{text}\n"));
        let event = Event::Output {
            terminal,
            from,
            text,
        };
        self.tell(&self.lock(), event);
    }

    fn run_in(&self, terminal: Number) -> Option<Run> {
        self.lock().terminals.get(terminal)?.run.clone()
    }

    /// Counts the lines of what a program has printed, and learns from it
    /// where it listens.
    fn printed(&self, session: u64, number: Number, text: &str) {
        let mut state = self.lock();
        if state.session == session
            && let Some(terminal) = state.terminals.get_mut(number)
        {
            terminal.printed += text.matches('\n').count();
            match state.wire.as_mut().map(|wire| wire.heard(number, text)) {
                Some(Ok(served)) => {
                    for terminal in state.pages(&served) {
                        self.tell(&state, Event::Started { terminal });
                    }
                }
                Some(Err(error)) => {
                    let text = format!("A porta não abre: {error}");
                    self.tell(&state, Event::Notice { text });
                }
                None => {}
            }
            self.changed.notify_all();
        }
    }

    /// Ends all there is, and has the terminals of a block.
    fn begin(self: &Arc<Page>, block: usize) {
        self.end_all();
        let cast = Cast::of(&self.workspace, &self.lesson, block);
        let mut state = self.lock();
        let blocks = cast.as_ref().map_or(0, |cast| cast.blocks);
        let session = self.outbox.begin(blocks, block);
        let wire = Wire::new(Arc::clone(&self.outbox), session);
        state.session = session;
        state.block = block;
        state.terminals.clear();
        state.wire = Some(wire);
        let added = cast.and_then(|cast| {
            let mut roles = cast.roles.into_iter();
            roles.try_for_each(|role| self.add(&mut state, role).map(drop))
        });
        drop(state);
        if let Err(why) = added {
            self.notice(&why);
        }
    }

    /// Adds a terminal; gives its number.
    fn add(&self, state: &mut State, role: Role) -> Result<Number, String> {
        let number = state.terminals.len();
        // One name for each, also for a second client.
        let same = |terminal: &&Terminal| terminal.role.name == role.name;
        let name = match state.terminals.iter().filter(same).count() {
            0 => role.name.clone(),
            others => format!("{} {}", role.name, others + 1),
        };
        if let Some(wire) = &mut state.wire {
            wire.name(number, &name);
        }
        state.terminals.push(Terminal {
            role,
            name: name.clone(),
            printed: 0,
            done: 0,
            run: None,
        });
        let ports = state
            .ports(number)
            .map_err(|error| format!("Não há portas livres ({error})."))?;
        let Terminal { role, .. } = &state.terminals[number];
        let page = (role.runs == Runs::Page)
            .then(|| ports.to_real(&role.arguments[0]));
        let command = role.command.clone();
        self.tell(
            state,
            Event::Terminal {
                terminal: number,
                name,
                command,
                page,
            },
        );
        Ok(number)
    }

    fn add_like(&self, terminal: Number) -> Option<Number> {
        let mut state = self.lock();
        let role = state.terminals.get(terminal)?.role.clone();
        let added = match state.terminals.len() < 2 * ON_A_PAGE {
            true => self.add(&mut state, role),
            false => Err("Já há terminais que cheguem nesta página.".into()),
        };
        drop(state);
        added.map_err(|why| self.notice(&why)).ok()
    }

    /// Adds an event, in the session of the state.
    fn tell(&self, state: &State, event: Event) {
        self.outbox.add(state.session, event);
    }

    fn notice(&self, text: &str) {
        let text = text.to_string();
        self.tell(&self.lock(), Event::Notice { text });
    }

    /// Gives the page what was recorded so far.
    fn capture(&self) {
        let state = self.lock();
        let Some(recorded) = state.wire.as_ref().map(Wire::recorded) else {
            return;
        };
        drop(state);
        match recorded.capture() {
            Ok(file) => {
                // Without its socket, the page has gone.
                let _ = self.files.blocking_send(file);
                let left_out = recorded.left_out();
                if left_out > 0 {
                    self.notice(&format!(
                        "Na captura faltam os últimos {left_out} \
                         acontecimentos: já não cabiam."
                    ));
                }
            }
            Err(error) => {
                self.notice(&format!("Não há captura ({error})."));
            }
        }
    }

    /// Ends all programs, and waits until they are gone.
    fn end_all(&self) {
        let runs: Vec<Run> = {
            let state = self.lock();
            let runs = state.terminals.iter().filter_map(|t| t.run.clone());
            runs.collect()
        };
        for run in &runs {
            run.kill();
        }
        let mut state = self.lock();
        while state
            .terminals
            .iter()
            .any(|terminal| terminal.run.is_some())
        {
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Terminal {
    fn unfinished(&self) -> String {
        let next = match self.role.steps.get(self.done) {
            Some(Step::Prints(line)) => format!("a linha «{line}»"),
            Some(Step::Types(line)) => format!("escrever «{line}»"),
            Some(Step::EndsInput) => "Ctrl-D".to_string(),
            Some(Step::Interrupts | Step::InterruptsLast) => {
                "Ctrl-C".to_string()
            }
            Some(Step::PrintsMore) | None => "o seu fim".to_string(),
        };
        let Terminal { name, printed, .. } = self;
        format!("  {name}: escreveu {printed} linhas; segue-se {next}")
    }
}

impl State {
    /// The ports that a terminal's program is to use.
    fn ports(&mut self, number: Number) -> io::Result<Ports> {
        let terminal = &self.terminals[number];
        let role = &terminal.role;
        let listener = |port: &u16| {
            let mut all = self.terminals.iter();
            all.find(|other| other.role.listens.contains(port))
        };
        let connects: Vec<(u16, String)> = role
            .connects
            .iter()
            .map(|port| (*port, listener(port)))
            .filter_map(|(port, server)| Some((port, server?.name.clone())))
            .collect();
        let client = (number, terminal.name.as_str());
        match &mut self.wire {
            Some(wire) => wire.ports(client, &role.listens, &connects),
            None => Ok(Ports::default()),
        }
    }

    /// The pages that are served at one of these ports.
    fn pages(&self, served: &[u16]) -> Vec<Number> {
        let all = self.terminals.iter().enumerate();
        all.filter(|(_, terminal)| terminal.role.runs == Runs::Page)
            .filter(|(_, terminal)| {
                let first = terminal.role.connects.first();
                first.is_some_and(|port| served.contains(port))
            })
            .map(|(number, _)| number)
            .collect()
    }
}
