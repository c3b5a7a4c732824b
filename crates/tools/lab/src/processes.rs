//! Processes as the system sees them: groups, children, memory, and their end.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The environment variable that every process of a run inherits.
pub const MARK: &str = "LAB_RUN";

/// The runs that live now, for the day that the checker itself is stopped.
static LIVE: Mutex<BTreeMap<u32, String>> = Mutex::new(BTreeMap::new());

fn live() -> MutexGuard<'static, BTreeMap<u32, String>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn remember(id: u32, mark: &str) {
    live().insert(id, mark.to_string());
}

pub fn forget(id: u32) {
    live().remove(&id);
}

/// Ends every run: nobody else would, because Ctrl-C on the terminal reaches
/// the checker's own group only.
pub fn end_every_run() {
    for (id, mark) in live().iter() {
        end_all(*id, mark);
    }
}

#[cfg(unix)]
pub fn lead_a_group(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    command.process_group(0);
}

/// Windows has no groups like these: its tree of processes serves instead.
#[cfg(not(unix))]
pub fn lead_a_group(_: &mut Command) {}

#[cfg(unix)]
fn signal_group(leader: u32, signal: rustix::process::Signal) {
    use rustix::process::{Pid, kill_process_group};
    if let Some(group) = Pid::from_raw(leader.cast_signed()) {
        // An empty group is what is wanted.
        let _ = kill_process_group(group, signal);
    }
}

#[cfg(unix)]
pub fn interrupt_group(leader: u32) {
    signal_group(leader, rustix::process::Signal::INT);
}

/// Ends a program and all that it started. Again and again, while there is
/// something: who is being ended can still start others.
#[cfg(unix)]
pub fn end_all(leader: u32, mark: &str) {
    use rustix::process::{Pid, Signal, kill_process};
    for _ in 0..10 {
        signal_group(leader, Signal::KILL);
        // Who left the group, with setsid, still carries the mark.
        let outside = carrying(mark);
        if outside.is_empty() {
            return;
        }
        for id in outside {
            if let Some(id) = Pid::from_raw(id.cast_signed()) {
                let _ = kill_process(id, Signal::KILL);
            }
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

#[cfg(not(unix))]
pub fn end_all(leader: u32, _: &str) {
    use std::process::Stdio;
    let _ = Command::new("taskkill")
        .args(["/T", "/F", "/PID", &leader.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

/// What is left of a run whose leader has ended.
#[cfg(unix)]
pub fn marked(leader: u32, mark: &str) -> Vec<u32> {
    use rustix::process::{Pid, test_kill_process_group};
    if cfg!(target_os = "linux") {
        return carrying(mark);
    }
    let group = Pid::from_raw(leader.cast_signed());
    match group.map(test_kill_process_group) {
        Some(Ok(())) => vec![leader],
        _ => Vec::new(),
    }
}

/// The processes that carry a mark, in whatever group or session they are.
#[cfg(target_os = "linux")]
fn carrying(mark: &str) -> Vec<u32> {
    let wanted = format!("{MARK}={mark}");
    let carries = |id: &u32| {
        std::fs::read(format!("/proc/{id}/environ")).is_ok_and(|environment| {
            let mut all = environment.split(|byte| *byte == 0);
            all.any(|variable| variable == wanted.as_bytes())
        })
    };
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(carries)
        .collect()
}

#[cfg(all(unix, not(target_os = "linux")))]
fn carrying(_: &str) -> Vec<u32> {
    Vec::new()
}

/// A number of `/proc/ID/status`, summed over a process and its descendants.
#[cfg(target_os = "linux")]
fn summed(id: u32, field: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    let own: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    let path = format!("/proc/{id}/task/{id}/children");
    let children = std::fs::read_to_string(path).unwrap_or_default();
    let children = children.split_whitespace().filter_map(|id| id.parse().ok());
    Some(own + children.filter_map(|id| summed(id, field)).sum::<u64>())
}

#[cfg(target_os = "linux")]
pub fn memory(id: u32) -> Option<u64> {
    summed(id, "VmRSS:").map(|kib| kib * 1024)
}

/// The memory of the group, as `ps` has it.
#[cfg(all(unix, not(target_os = "linux")))]
pub fn memory(id: u32) -> Option<u64> {
    let listed = Command::new("ps")
        .args(["-axo", "pgid=,rss="])
        .output()
        .ok()?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let of_group = listed.lines().filter_map(|line| {
        let (group, kib) = line.trim().split_once(' ')?;
        (group.parse() == Ok(id)).then(|| kib.trim().parse().ok())?
    });
    Some(of_group.sum::<u64>() * 1024)
}

#[cfg(not(unix))]
pub fn memory(_: u32) -> Option<u64> {
    None
}

#[cfg(target_os = "linux")]
pub fn threads(id: u32) -> Option<u64> {
    summed(id, "Threads:")
}

#[cfg(not(target_os = "linux"))]
pub fn threads(_: u32) -> Option<u64> {
    None
}

/// As many open sockets as the system allows, for a thousand clients: half of
/// them here, and half in the program, which inherits the limit.
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
