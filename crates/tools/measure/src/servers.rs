//! The programs under measurement: started, watched, and always ended.

use std::collections::BTreeSet;
use std::io::{PipeReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};
use std::{fs, io};

use crate::fallible::Fallible;

/// How long a program may take to say that it is ready.
const DEADLINE: Duration = Duration::from_secs(60);

/// How long a program that was asked to end may take (a broker stores first).
const GRACE: Duration = Duration::from_secs(10);

/// A running server. It ends when this value is dropped.
pub struct Server {
    child: Child,
    /// What [`Server::start_when`] found in its output.
    ready: String,
}

/// What a process has used so far.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// The memory that it occupies now, in bytes.
    pub memory: u64,
    pub threads: u64,
    /// How often the system has put one of its threads aside for another.
    pub switches: u64,
    /// How long its threads have had a processor, in seconds.
    pub processor: f64,
}

impl Server {
    /// Starts a server that was told to choose its port, and waits until it
    /// says which one, at the end of a line.
    pub fn start(name: &str, command: Command) -> Fallible<Server> {
        Server::start_when(name, command, |line| {
            let word = line.rsplit([' ', '/']).next()?;
            let word = word.replace("localhost", "127.0.0.1");
            word.parse::<SocketAddr>().ok().map(|_| word)
        })
    }

    /// Starts a program, and waits for the line in which `ready` finds what is
    /// wanted.
    pub fn start_when(
        name: &str,
        mut command: Command,
        ready: fn(&str) -> Option<String>,
    ) -> Fallible<Server> {
        let (stdout, stdout_end) = io::pipe()?;
        let (stderr, stderr_end) = io::pipe()?;
        command
            .stdin(Stdio::null())
            .stdout(stdout_end)
            .stderr(stderr_end);
        lead_a_group(&mut command);
        // Between its start and its place in the list, nobody can end all.
        let mut live = live();
        let child = command
            .spawn()
            .map_err(|error| format!("{name} não arranca: {error}"))?;
        live.insert(child.id());
        drop(live);
        drop(command); // and with it this process's copies of the pipes' ends
        let mut server = Server {
            child,
            ready: String::new(),
        };

        let errors = Arc::new(Mutex::new(String::new()));
        let gathered = Arc::clone(&errors);
        thread::spawn(move || gather(stderr, &gathered));
        let (found, finding) = mpsc::channel();
        thread::spawn(move || watch(stdout, ready, &found));
        match finding.recv_timeout(DEADLINE) {
            Ok(found) => {
                server.ready = found;
                Ok(server)
            }
            Err(_) => {
                let errors = lock(&errors).trim().to_string();
                Err(format!("{name} não chegou a escutar: {errors}").into())
            }
        }
    }

    /// Where the server listens.
    ///
    /// # Panics
    /// Where it was started by [`Server::start_when`] and found no address.
    pub fn address(&self) -> SocketAddr {
        self.ready.parse().expect("the address that was found")
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What the process has used; `None` where the system does not tell.
    pub fn usage(&self) -> Option<Usage> {
        usage(self.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
        live().remove(&self.id());
    }
}

/// The programs that run now, for the day that the tool itself is stopped.
static LIVE: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

fn live() -> MutexGuard<'static, BTreeSet<u32>> {
    lock(&LIVE)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Looks for the line that is waited for, and then only empties the pipe: a
/// server prints a line a message, and must not wait for a reader. Nor must it
/// wake one with each line, which would cost both more than the message: the
/// reader comes by itself, some hundred times a second.
fn watch(
    mut stdout: PipeReader,
    ready: fn(&str) -> Option<String>,
    found: &mpsc::Sender<String>,
) {
    let mut buffer = vec![0; 64 * 1024];
    let mut lines = Vec::new();
    let mut waiting = true;
    while let Ok(count @ 1..) = stdout.read(&mut buffer) {
        if !waiting {
            thread::sleep(Duration::from_millis(2));
            continue;
        }
        lines.extend_from_slice(&buffer[..count]);
        while let Some(end) = lines.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = lines.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            if let Some(what) = ready(line.trim_end()) {
                let _ = found.send(what);
                waiting = false;
                break;
            }
        }
    }
}

/// Keeps the first errors, and empties the pipe.
fn gather(mut stderr: PipeReader, errors: &Mutex<String>) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stderr.read(&mut buffer) {
        let mut errors = lock(errors);
        if errors.len() < buffer.len() {
            errors.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    }
}

/// Asks a program to end and, if it does not, ends it with all it started.
fn end(child: &mut Child) {
    ask_to_end(child.id());
    let start = Instant::now();
    while matches!(child.try_wait(), Ok(None)) && start.elapsed() < GRACE {
        thread::sleep(Duration::from_millis(2));
    }
    kill_group(child.id());
    let _ = child.kill();
    let _ = child.wait();
}

/// Ends every program, and lets no other one start, because the tool ends.
/// Nobody else would: Ctrl-C on the terminal reaches the tool's own group
/// only.
pub fn end_all() {
    let live = std::mem::ManuallyDrop::new(live());
    for id in live.iter() {
        ask_to_end(*id);
    }
    let start = Instant::now();
    while live.iter().any(|id| runs(*id)) && start.elapsed() < GRACE {
        thread::sleep(Duration::from_millis(10));
    }
    for id in live.iter() {
        kill_group(*id);
    }
}

#[cfg(unix)]
fn lead_a_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

#[cfg(unix)]
fn ask_to_end(id: u32) {
    use rustix::process::{Pid, Signal, kill_process};
    if let Some(id) = Pid::from_raw(id.cast_signed()) {
        let _ = kill_process(id, Signal::TERM);
    }
}

#[cfg(unix)]
fn kill_group(id: u32) {
    use rustix::process::{Pid, Signal, kill_process_group};
    if let Some(id) = Pid::from_raw(id.cast_signed()) {
        let _ = kill_process_group(id, Signal::KILL);
    }
}

/// Whether a child still runs; one that has ended and was not waited for yet
/// does not.
#[cfg(unix)]
fn runs(id: u32) -> bool {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let Some(id) = Pid::from_raw(id.cast_signed()) else {
        return false;
    };
    let options =
        WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    matches!(waitid(WaitId::Pid(id), options), Ok(None))
}

/// Windows has no groups like these: its tree of processes serves instead.
#[cfg(not(unix))]
fn lead_a_group(_: &mut Command) {}

#[cfg(not(unix))]
fn ask_to_end(id: u32) {
    let _ = Command::new("taskkill")
        .args(["/T", "/F", "/PID", &id.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

#[cfg(not(unix))]
fn kill_group(_: u32) {}

#[cfg(not(unix))]
fn runs(_: u32) -> bool {
    false
}

/// Only Linux tells, and only in these files; elsewhere they do not exist.
fn usage(id: u32) -> Option<Usage> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let (mut switches, mut nanoseconds) = (0, 0);
    // The system counts these by thread.
    for thread in fs::read_dir(format!("/proc/{id}/task")).ok()?.flatten() {
        // One that has just ended has nothing more to say.
        if let Ok(status) = fs::read_to_string(thread.path().join("status")) {
            switches += field(&status, "voluntary_ctxt_switches:")?;
            switches += field(&status, "nonvoluntary_ctxt_switches:")?;
        }
        if let Ok(spent) = fs::read_to_string(thread.path().join("schedstat")) {
            let spent = spent.split(' ').next()?;
            nanoseconds += spent.parse::<u64>().ok()?;
        }
    }
    Some(Usage {
        memory: field(&status, "VmRSS:")? * 1024,
        threads: field(&status, "Threads:")?,
        switches,
        processor: nanoseconds as f64 / 1e9,
    })
}

fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// As many open sockets as the system allows, for a thousand clients here and
/// as many in the server, which inherits the limit.
#[cfg(unix)]
pub fn raise_descriptor_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    // macOS takes no more than this, whatever it says that it allows.
    limit.current = Some(limit.maximum.unwrap_or(10_240).min(10_240));
    let _ = setrlimit(Resource::Nofile, limit);
}

#[cfg(not(unix))]
pub fn raise_descriptor_limit() {}
