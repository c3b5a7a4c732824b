//! What programs use.

/// What a program and all that it started have used so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// The memory that they occupy now, in bytes.
    pub memory: u64,
    /// How many threads they have now.
    pub threads: u64,
    /// How often the system has put one of their threads aside for another.
    pub switches: u64,
    /// How long their threads have had a processor, in seconds.
    pub processor: f64,
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs;

    use super::Usage;

    /// Of a thousand threads, those looked at for what they started.
    const STARTERS: usize = 64;

    pub fn memory(id: u32) -> Option<u64> {
        let own = field(&status(id)?, "VmRSS:")? * 1024;
        Some(own + children(id).into_iter().filter_map(memory).sum::<u64>())
    }

    pub fn usage(id: u32) -> Option<Usage> {
        let status = status(id)?;
        let (mut switches, mut nanoseconds) = (0, 0);
        // The system counts these by thread.
        for thread in fs::read_dir(format!("/proc/{id}/task")).ok()?.flatten() {
            // One that has just ended has nothing more to say.
            let path = thread.path();
            if let Ok(status) = fs::read_to_string(path.join("status")) {
                switches += field(&status, "voluntary_ctxt_switches:")?;
                switches += field(&status, "nonvoluntary_ctxt_switches:")?;
            }
            if let Ok(spent) = fs::read_to_string(path.join("schedstat")) {
                let spent = spent.split(' ').next()?;
                nanoseconds += spent.parse::<u64>().ok()?;
            }
        }
        let mut all = Usage {
            memory: field(&status, "VmRSS:")? * 1024,
            threads: field(&status, "Threads:")?,
            switches,
            processor: nanoseconds as f64 / 1e9,
        };
        for child in children(id).into_iter().filter_map(usage) {
            all.memory += child.memory;
            all.threads += child.threads;
            all.switches += child.switches;
            all.processor += child.processor;
        }
        Some(all)
    }

    fn status(id: u32) -> Option<String> {
        fs::read_to_string(format!("/proc/{id}/status")).ok()
    }

    /// A number of `/proc/ID/status`; a zombie has no memory.
    fn field(status: &str, name: &str) -> Option<u64> {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    fn children(id: u32) -> Vec<u32> {
        let threads = fs::read_dir(format!("/proc/{id}/task"));
        let threads = threads.into_iter().flatten().flatten().take(STARTERS);
        let children = threads.filter_map(|thread| {
            fs::read_to_string(thread.path().join("children")).ok()
        });
        children
            .flat_map(|ids| {
                let ids = ids.split_whitespace().flat_map(str::parse);
                ids.collect::<Vec<u32>>()
            })
            .collect()
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::process::Command;

    use super::Usage;

    /// The memory of the group, as Unix's `ps` has it.
    pub fn memory(id: u32) -> Option<u64> {
        if cfg!(windows) {
            return None;
        }
        let listed = Command::new("ps")
            .args(["-A", "-o", "pgid=,rss="])
            .output()
            .ok()?;
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let of_group = listed.lines().filter_map(|line| {
            let (group, kib) = line.trim().split_once(' ')?;
            (group.parse() == Ok(id)).then(|| kib.trim().parse::<u64>().ok())?
        });
        Some(of_group.sum::<u64>() * 1024)
    }

    pub fn usage(_: u32) -> Option<Usage> {
        None
    }
}

pub use system::{memory, usage};

/// Sets this process's limit of open descriptors, which the programs that it
/// starts inherit, to what the system lets it and anybody here needs, and
/// gives the new limit.
pub fn raise_descriptor_limit() -> usize {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        let before = limit.current;
        // macOS takes no more than this, whatever it says that it allows; and
        // where a container allows a billion, some programs (Erlang) make
        // room for them all.
        let most = if cfg!(target_os = "macos") {
            10_240
        } else {
            65_536
        };
        limit.current = Some(limit.maximum.unwrap_or(most).min(most));
        let now = match setrlimit(Resource::Nofile, limit) {
            Ok(()) => limit.current,
            Err(_) => before,
        };
        now.map_or(usize::MAX, |now| usize::try_from(now).unwrap_or(usize::MAX))
    }
    #[cfg(not(unix))]
    usize::MAX // what there is, is memory
}
