//! Programs that start others, for the tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use programs::Lines;
use rustix::process::{Pid, test_kill_process};

pub const DEADLINE: Duration = Duration::from_secs(30);

/// A shell that does this.
pub fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

/// The next lines, which are processes' numbers; all of them run.
pub fn numbers(lines: &mut Lines, count: usize) -> BTreeSet<u32> {
    let mut numbers = BTreeSet::new();
    while numbers.len() < count {
        let line = lines.next(DEADLINE).expect("in time").expect("a line");
        numbers.insert(line.parse().expect("a number"));
    }
    assert!(numbers.iter().all(|id| runs(*id)), "{numbers:?}");
    numbers
}

/// Whether a process is there and has not ended.
pub fn runs(id: u32) -> bool {
    match fs::read_to_string(format!("/proc/{id}/stat")) {
        Ok(stat) => !stat.contains(") Z "),
        Err(_) if Path::new("/proc/self").exists() => false,
        Err(_) => Pid::from_raw(id.cast_signed())
            .is_some_and(|id| test_kill_process(id).is_ok()),
    }
}

/// Waits until none of these runs: who is killed is gone a moment later.
pub fn assert_gone(ids: &BTreeSet<u32>) {
    let start = Instant::now();
    while ids.iter().any(|id| runs(*id)) {
        let left: Vec<_> = ids.iter().filter(|id| runs(**id)).collect();
        assert!(start.elapsed() < DEADLINE, "{left:?} of {ids:?} still run");
        thread::sleep(Duration::from_millis(5));
    }
}
