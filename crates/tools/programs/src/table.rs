//! The system's table of processes, on Unix.

/// One of the processes.
pub struct Process {
    pub id: u32,
    pub parent: u32,
    pub group: u32,
    /// Whether it has ended, and only its parent does not know yet.
    pub zombie: bool,
    /// When it started, in ticks since the system did.
    pub started: u64,
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs;

    use super::Process;

    pub fn all() -> Vec<Process> {
        let Ok(processes) = fs::read_dir("/proc") else {
            return Vec::new();
        };
        processes
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(process)
            .collect()
    }

    pub fn started(id: u32) -> Option<u64> {
        process(id).map(|process| process.started)
    }

    /// `proc_pid_stat(5)`.
    fn process(id: u32) -> Option<Process> {
        let stat = fs::read(format!("/proc/{id}/stat")).ok()?;
        // A program's name can have anything in it.
        let end = stat.iter().rposition(|byte| *byte == b')')?;
        let stat = String::from_utf8_lossy(&stat[end + 1..]).into_owned();
        let mut fields = stat.split_whitespace();
        let zombie = matches!(fields.next()?, "Z" | "X");
        let parent = fields.next()?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        let started = fields.nth(16)?.parse().ok()?; // the 22nd of all
        Some(Process {
            id,
            parent,
            group,
            zombie,
            started,
        })
    }

    /// Whether the environment with which a process started has this in it.
    pub fn carries(id: u32, mark: &str) -> bool {
        // To look for a text is fast in a build that is not optimized, too.
        fs::read(format!("/proc/{id}/environ")).is_ok_and(|environment| {
            String::from_utf8_lossy(&environment).contains(mark)
        })
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::process::Command;

    use super::Process;

    /// As `ps` has it, which POSIX describes.
    pub fn all() -> Vec<Process> {
        let listed = Command::new("ps")
            .args(["-A", "-o", "pid=,ppid=,pgid=,stat="])
            .output();
        let listed = listed.map(|output| output.stdout).unwrap_or_default();
        let listed = String::from_utf8_lossy(&listed).into_owned();
        listed.lines().filter_map(process).collect()
    }

    fn process(line: &str) -> Option<Process> {
        let mut fields = line.split_whitespace();
        let mut number = || fields.next()?.parse().ok();
        Some(Process {
            id: number()?,
            parent: number()?,
            group: number()?,
            zombie: fields.next()?.starts_with('Z'),
            started: 0,
        })
    }

    pub fn started(_: u32) -> Option<u64> {
        None
    }

    /// Here nobody may look into another process's environment.
    pub fn carries(_: u32, _: &str) -> bool {
        false
    }
}

pub use system::{all, carries, started};
