//! Does what a block says.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::process::{Command, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use programs::{Lines, Program, Setup, was_interrupted};

use crate::address::ports_told;
use crate::{Ports, Step, Terminal, Transcript};

/// Something that happens in a terminal, as it happens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event<'a> {
    /// The program prints this line, with the documented ports in it.
    Prints(&'a str),
    /// The student types this line.
    Types(&'a str),
    /// The student presses Ctrl-D.
    EndsInput,
    /// The student presses Ctrl-C.
    Interrupts,
}

/// What came of a terminal.
#[derive(Clone, Debug)]
pub struct Performance {
    /// All that appeared in it, with the documented ports.
    pub output: String,
    /// How the program ended.
    pub status: ExitStatus,
    /// Whether it had been interrupted by then.
    pub interrupted: bool,
}

impl Performance {
    /// Whether the program ended as it should: without an error, or by a
    /// Ctrl-C that it does not handle, which is as good.
    pub fn ended_well(&self) -> bool {
        self.status.success()
            || self.interrupted
                && (cfg!(windows) || was_interrupted(self.status))
    }
}

/// Who kept a play from coming to its end.
#[derive(Debug)]
pub struct Failure {
    /// The program's name.
    pub name: String,
    /// What is wrong with it.
    pub why: Why,
    /// What it had printed.
    pub output: String,
}

/// What can be wrong with a program in a play.
#[derive(Debug)]
pub enum Why {
    /// It does not start.
    DoesNotStart(io::Error),
    /// This port is in what it prints, or in its arguments, and nobody says
    /// that it listens there: the program would use what runs there.
    NobodyListens(u16),
    /// This line did not come, or not in time.
    Missing(String),
    /// It does not read what is typed.
    DoesNotRead,
    /// It does not end in time.
    DoesNotEnd,
}

impl Failure {
    fn new(terminal: &Terminal, why: Why, output: String) -> Failure {
        Failure {
            name: terminal.name().to_string(),
            why,
            output,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: ", self.name)?;
        match &self.why {
            Why::DoesNotStart(error) => write!(formatter, "start: {error}"),
            Why::NobodyListens(port) => write!(
                formatter,
                "nobody says to listen on port {port}; is it in a constant of \
                 the lesson, and in a line that is printed?"
            ),
            Why::Missing(line) => {
                write!(formatter, "waited in vain for a line like «{line}»")
            }
            Why::DoesNotRead => {
                write!(formatter, "does not read what is typed")
            }
            Why::DoesNotEnd => write!(formatter, "does not end"),
        }?;
        write!(formatter, "\n--- it had printed:\n{}", self.output)
    }
}

impl std::error::Error for Failure {}

/// Plays a block, and gives what came of each terminal, in their order.
///
/// No program listens on a documented port: a lesson that would gets port 0,
/// and the port that it then tells stands in for the documented one in what
/// the others are told, and the other way round in what they print. `ports`
/// are those of programs that run already. `program` is the command of a
/// lesson, by its name; `told` hears, with the terminal's place, what happens.
///
/// # Errors
/// Where it does not come to its end, no step of it taking longer than
/// `limit`. All its programs have ended then.
pub fn play(
    transcript: &Transcript,
    ports: Ports,
    limit: Duration,
    program: impl Fn(&str) -> Command,
    told: impl Fn(usize, Event) + Sync,
) -> Result<Vec<Performance>, Failure> {
    let direct = |_: &str, _: u16, real: u16| Ok(real);
    play_through(transcript, ports, limit, program, told, direct)
}

/// The same where something stands between the programs: `through` is asked,
/// with the name of a program, for the port at which this one finds what
/// listens on a documented port, and really on the other.
///
/// # Errors
/// As for [`play`]; and where `through` gives none, as if the program did not
/// start.
pub fn play_through(
    transcript: &Transcript,
    ports: Ports,
    limit: Duration,
    program: impl Fn(&str) -> Command,
    told: impl Fn(usize, Event) + Sync,
    through: impl FnMut(&str, u16, u16) -> io::Result<u16>,
) -> Result<Vec<Performance>, Failure> {
    check_ports(transcript, &ports)?;
    let mut stage = Stage {
        ports,
        limit,
        program,
        through,
    };
    let mut running = Vec::new();
    let mut seen = Vec::new();
    for (place, terminal) in transcript.terminals.iter().enumerate() {
        let (program, through) = stage.start(terminal)?;
        seen.push(through);
        // The last terminal keeps nobody waiting.
        if place + 1 < transcript.terminals.len() {
            let mut lines = program.stdout().lines();
            for count in 1..=terminal.ready {
                next_line(terminal, &program, &mut lines, count, limit)?;
            }
        }
        running.push(program);
    }
    // What each prints: of those between, it knows only its own.
    let own = |through| {
        let mut ports = stage.ports.clone();
        ports.extend(through);
        ports
    };
    let seen: Vec<Ports> = seen.into_iter().map(own).collect();
    // Closed by the last of those that end by themselves.
    let (ending, ended) = mpsc::channel::<Infallible>();
    let ended = Mutex::new(ended);
    // Closed by the last of those that are not interrupted last, at its end.
    let (leaving, left) = mpsc::channel::<Infallible>();
    let left = Mutex::new(left);
    let first_failure = Mutex::new(None);
    let mut all = Vec::new();
    thread::scope(|scope| {
        let mut playing = Vec::new();
        for (place, terminal) in transcript.terminals.iter().enumerate() {
            let (running, told, ports) = (&running, &told, &seen[place]);
            let (ended, left) = (&ended, &left);
            let first_failure = &first_failure;
            let ending = (!terminal.is_interrupted()).then(|| ending.clone());
            let is_last = terminal.steps.contains(&Step::InterruptsLast);
            let leaving = (!is_last).then(|| leaving.clone());
            playing.push(scope.spawn(move || {
                let actor = Actor {
                    terminal,
                    program: &running[place],
                    ports,
                    limit,
                    told: |event: Event| told(place, event),
                };
                let performance =
                    actor.play(if is_last { left } else { ended });
                drop((ending, leaving));
                let failure = performance.map_err(|failure| {
                    lock(first_failure).get_or_insert(failure);
                    // Nobody waits for what can no longer come.
                    for program in running {
                        let _ = program.kill();
                    }
                });
                failure.ok()
            }));
        }
        drop((ending, leaving));
        for terminal in playing {
            match terminal.join() {
                Ok(performance) => all.extend(performance),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    match lock(&first_failure).take() {
        None => Ok(all),
        Some(failure) => Err(failure),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Every documented port is one that somebody was told.
fn check_ports(transcript: &Transcript, ports: &Ports) -> Result<(), Failure> {
    let known: BTreeSet<u16> = transcript
        .terminals
        .iter()
        .flat_map(|terminal| terminal.listens().iter().copied())
        .collect();
    for terminal in &transcript.terminals {
        let told = terminal.lines().into_iter().flat_map(ports_told);
        let told = told.map(|(_, port)| port);
        for port in terminal.connects().iter().copied().chain(told) {
            if !known.contains(&port) && ports.real(port).is_none() {
                let why = Why::NobodyListens(port);
                return Err(Failure::new(terminal, why, String::new()));
            }
        }
    }
    Ok(())
}

/// Where programs are started.
struct Stage<F, G> {
    ports: Ports,
    limit: Duration,
    program: F,
    through: G,
}

impl<F, G> Stage<F, G>
where
    F: Fn(&str) -> Command,
    G: FnMut(&str, u16, u16) -> io::Result<u16>,
{
    /// Starts what runs in a terminal, and learns on which ports it listens.
    /// Gives, too, where it finds others: the documented port, and the one of
    /// what stands between.
    fn start(
        &mut self,
        terminal: &Terminal,
    ) -> Result<(Program, Vec<(u16, u16)>), Failure> {
        let fails = |error| {
            Failure::new(terminal, Why::DoesNotStart(error), String::new())
        };
        let mut command = match terminal.lesson() {
            Some(lesson) => (self.program)(lesson),
            None => Command::new(terminal.name()),
        };
        let opens: Vec<u16> = terminal
            .listens()
            .iter()
            .copied()
            .filter(|port| self.ports.real(*port).is_none())
            .collect();
        let mut ports = self.ports.clone();
        for port in &opens {
            ports.insert(*port, 0);
        }
        let mut through = Vec::new();
        for documented in terminal.connects() {
            if let Some(real) = self.ports.real(*documented) {
                let port = (self.through)(terminal.name(), *documented, real)
                    .map_err(fails)?;
                ports.insert(*documented, port);
                through.push((*documented, port));
            }
        }
        let arguments = terminal.arguments().iter();
        command.args(arguments.map(|word| ports.to_real(word)));
        let program = Setup::new(&mut command).as_seen().start();
        let program = program.map_err(fails)?;
        for port in opens {
            let real = self.told(terminal, &program, port)?;
            self.ports.insert(port, real);
        }
        Ok((program, through))
    }

    /// The port that a program tells where it should tell this one.
    fn told(
        &self,
        terminal: &Terminal,
        program: &Program,
        port: u16,
    ) -> Result<u16, Failure> {
        let unknown = || {
            let why = Why::NobodyListens(port);
            Failure::new(terminal, why, program.stdout().text())
        };
        let documented = terminal.lines();
        let place = documented.iter().enumerate().find_map(|(line, text)| {
            let told = ports_told(text);
            let place = told.iter().find(|(_, told)| *told == port);
            place.map(|(place, _)| (line, *place))
        });
        let (line, place) = place.ok_or_else(unknown)?;
        let mut lines = program.stdout().lines();
        let mut said = String::new();
        for count in 1..=line + 1 {
            said = next_line(terminal, program, &mut lines, count, self.limit)?;
        }
        let told = ports_told(&said);
        let told = told.iter().find(|(other, _)| *other == place);
        told.map(|(_, port)| *port).ok_or_else(unknown)
    }
}

/// The next line that a program prints, which is this one of its lines.
fn next_line(
    terminal: &Terminal,
    program: &Program,
    lines: &mut Lines,
    count: usize,
    limit: Duration,
) -> Result<String, Failure> {
    match lines.next(limit) {
        Ok(Some(line)) => Ok(line),
        Ok(None) | Err(_) => {
            let why = Why::Missing(terminal.lines()[count - 1].to_string());
            Err(Failure::new(terminal, why, program.stdout().text()))
        }
    }
}

/// A program, and who sits before it.
struct Actor<'a, T> {
    terminal: &'a Terminal,
    program: &'a Program,
    ports: &'a Ports,
    limit: Duration,
    told: T,
}

impl<T: Fn(Event)> Actor<'_, T> {
    /// `others` is closed by those that end before Ctrl-C is pressed here.
    fn play(
        &self,
        others: &Mutex<Receiver<Infallible>>,
    ) -> Result<Performance, Failure> {
        let mut lines = self.program.stdout().lines();
        let mut count = 0;
        let mut interrupted = false;
        for step in &self.terminal.steps {
            match step {
                Step::Prints(_) => {
                    count += 1;
                    self.hear(next_line(
                        self.terminal,
                        self.program,
                        &mut lines,
                        count,
                        self.limit,
                    )?);
                }
                Step::Types(line) => {
                    (self.told)(Event::Types(line));
                    let line = format!("{line}\n");
                    let read = self.program.write(line.as_bytes());
                    read.map_err(|_| self.fails(Why::DoesNotRead))?;
                }
                Step::EndsInput => {
                    (self.told)(Event::EndsInput);
                    self.program.end_input();
                }
                Step::Interrupts | Step::InterruptsLast => {
                    self.wait_for(others)?;
                    (self.told)(Event::Interrupts);
                    self.program.interrupt();
                    interrupted = true;
                }
                Step::PrintsMore => {} // its end shows it
            }
        }
        let status = self.program.wait(self.limit);
        let status = status.map_err(|_| self.fails(Why::DoesNotEnd))?;
        // What it started can hold its output open after its end: then what
        // came so far has to do.
        let last = Duration::from_secs(2);
        self.program.stdout().wait_for_end(last);
        while let Ok(Some(line)) = lines.next(Duration::ZERO) {
            self.hear(line);
        }
        Ok(Performance {
            output: self.ports.to_documented(&self.program.stdout().text()),
            status,
            interrupted,
        })
    }

    fn hear(&self, line: String) {
        (self.told)(Event::Prints(&self.ports.to_documented(&line)));
    }

    /// Waits until nobody keeps it open.
    fn wait_for(
        &self,
        others: &Mutex<Receiver<Infallible>>,
    ) -> Result<(), Failure> {
        match lock(others).recv_timeout(self.limit) {
            Err(RecvTimeoutError::Timeout) => Err(self.fails(Why::DoesNotEnd)),
            _ => Ok(()),
        }
    }

    fn fails(&self, why: Why) -> Failure {
        Failure::new(self.terminal, why, self.program.stdout().text())
    }
}
