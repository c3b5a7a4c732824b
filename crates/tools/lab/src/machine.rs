//! What this machine allows, and what the system knows of a program.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use crate::outcome::{Failure, Outcome};

/// How many files and sockets a process may have open at once; `None` where
/// the system does not tell.
#[cfg(unix)]
fn descriptors() -> Option<u64> {
    use rustix::process::{Resource, getrlimit};
    getrlimit(Resource::Nofile).current
}

#[cfg(not(unix))]
fn descriptors() -> Option<u64> {
    None
}

/// This many clients at once can be had here.
///
/// # Errors
/// Where they cannot: then the check says nothing about the program.
pub fn allows_clients(count: u64) -> Outcome {
    // The rest is for what else a program has open.
    let needed = count + 64;
    match descriptors() {
        Some(allowed) if allowed < needed => Err(Failure::not_run(format!(
            "esta máquina só deixa cada programa abrir {allowed} sockets e \
             ficheiros de uma vez, e são precisos {needed} (ulimit -Hn)"
        ))),
        _ => Ok(()),
    }
}

/// An error of the checker's own sockets is the program's doing.
///
/// # Errors
/// Where it is the machine that is out of them.
pub fn can_take(error: &io::Error) -> Outcome {
    // Too many open files, here or in the whole system; no free ports; and no
    // memory for another socket: on Linux and macOS, and on Windows.
    const EXHAUSTED: &[i32] = if cfg!(windows) {
        &[10_024, 10_048, 10_055]
    } else if cfg!(target_os = "macos") {
        &[24, 23, 49, 55]
    } else {
        &[24, 23, 99, 105]
    };
    match error.raw_os_error() {
        Some(code) if EXHAUSTED.contains(&code) => Err(Failure::not_run(
            format!("o verificador ficou sem sockets: {error}"),
        )),
        _ => Ok(()),
    }
}

/// What Linux tells of processes.
#[cfg(target_os = "linux")]
mod told {
    use std::fs;
    use std::net::SocketAddr;
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    /// The folders of all threads of these processes.
    fn threads(ids: &[u32]) -> impl Iterator<Item = PathBuf> {
        let tasks = ids
            .iter()
            .filter_map(|id| fs::read_dir(format!("/proc/{id}/task")).ok());
        tasks.flatten().filter_map(|task| Some(task.ok()?.path()))
    }

    /// How long the threads have run, and waited for a processor, so far;
    /// `None` where one of them would run now, or waits for a disk.
    pub fn activity(ids: &[u32]) -> Option<Duration> {
        let mut all = Duration::ZERO;
        for thread in threads(ids) {
            if !waits(&thread)? {
                return None;
            }
            let times = fs::read_to_string(thread.join("schedstat")).ok()?;
            let times = times.split_whitespace().take(2);
            let times = times.filter_map(|time| time.parse().ok());
            all += times.map(Duration::from_nanos).sum();
        }
        Some(all)
    }

    /// Whether a thread waits, and not for a disk; `None` where it is gone.
    fn waits(thread: &Path) -> Option<bool> {
        let stat = fs::read_to_string(thread.join("stat")).ok()?;
        let (_, state) = stat.rsplit_once(") ")?;
        Some(!state.starts_with(['R', 'D']))
    }

    /// Whether all other threads of this process wait.
    pub fn others_wait() -> bool {
        let own = fs::read_link("/proc/thread-self").unwrap_or_default();
        threads(&[std::process::id()])
            .filter(|thread| thread.file_name() != own.file_name())
            .all(|thread| waits(&thread).unwrap_or(true))
    }

    /// Where these processes listen, over TCP or UDP.
    pub fn listening(ids: &[u32]) -> Vec<SocketAddr> {
        let inodes: Vec<String> = ids
            .iter()
            .filter_map(|id| fs::read_dir(format!("/proc/{id}/fd")).ok())
            .flatten()
            .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
            .filter_map(|link| {
                let inode = link.to_str()?.strip_prefix("socket:[")?;
                Some(inode.strip_suffix(']')?.to_string())
            })
            .collect();
        // A listener's state is 0A; that of a UDP socket without a peer is 07.
        [("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")]
            .into_iter()
            .flat_map(|(table, state)| {
                let path = format!("/proc/net/{table}");
                let text = fs::read_to_string(path).unwrap_or_default();
                let lines = text.lines().map(|line| {
                    let fields: Vec<&str> = line.split_whitespace().collect();
                    let is_own = *fields.get(3)? == state
                        && inodes.iter().any(|inode| inode == fields[9]);
                    is_own.then(|| address(fields[1])).flatten()
                });
                lines.flatten().collect::<Vec<SocketAddr>>()
            })
            .collect()
    }

    /// An address as these tables have it: words of four bytes, each in the
    /// machine's own order, and the port.
    fn address(text: &str) -> Option<SocketAddr> {
        let (host, port) = text.split_once(':')?;
        let port = u16::from_str_radix(port, 16).ok()?;
        let words = host.as_bytes().chunks(8).map(|word| {
            let word = str::from_utf8(word).ok()?;
            Some(u32::from_str_radix(word, 16).ok()?.to_ne_bytes())
        });
        let bytes = words.collect::<Option<Vec<[u8; 4]>>>()?.concat();
        match <[u8; 4]>::try_from(bytes.as_slice()) {
            Ok(four) => Some((four, port).into()),
            Err(_) => {
                let sixteen = <[u8; 16]>::try_from(bytes.as_slice()).ok()?;
                Some((sixteen, port).into())
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use std::hint;
        use std::net::{TcpListener, UdpSocket};
        use std::sync::atomic::{AtomicBool, Ordering};
        use std::thread;

        #[test]
        fn sees_that_another_thread_runs() {
            let (begun, over) =
                (AtomicBool::new(false), AtomicBool::new(false));
            thread::scope(|scope| {
                scope.spawn(|| {
                    begun.store(true, Ordering::Relaxed);
                    while !over.load(Ordering::Relaxed) {
                        hint::spin_loop();
                    }
                });
                while !begun.load(Ordering::Relaxed) {
                    thread::yield_now();
                }
                let wait = others_wait();
                over.store(true, Ordering::Relaxed);
                assert!(!wait);
            });
        }

        #[test]
        fn sees_where_this_process_listens() {
            let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
            let tcp_6 = TcpListener::bind("[::1]:0").expect("a port");
            let udp = UdpSocket::bind("127.0.0.1:0").expect("a port");
            let all = listening(&[std::process::id()]);
            for address in
                [tcp.local_addr(), tcp_6.local_addr(), udp.local_addr()]
            {
                let address = address.expect("an address");
                assert!(all.contains(&address), "{address}: {all:?}");
            }
        }
    }
}

/// Elsewhere nobody tells.
#[cfg(not(target_os = "linux"))]
mod told {
    use std::net::SocketAddr;
    use std::time::Duration;

    pub fn activity(_: &[u32]) -> Option<Duration> {
        None
    }

    pub fn others_wait() -> bool {
        true
    }

    pub fn listening(_: &[u32]) -> Vec<SocketAddr> {
        Vec::new()
    }
}

pub use told::listening;

/// Waits, at most this long, until no other thread of the checker has anything
/// to do: by then, they have read what was there to be read.
pub fn all_is_read_within(limit: Duration) {
    let start = Instant::now();
    while !told::others_wait() && start.elapsed() < limit {
        thread::sleep(Duration::from_millis(1));
    }
}

/// Waits, at most this long, until a program does nothing but wait: until it
/// has got to where it hears what comes next. Whether it has.
pub fn is_quiet_within(processes: &[u32], limit: Duration) -> bool {
    is_quiet_unless(processes, limit, || false)
}

/// The same, for as long as nothing else has happened.
pub fn is_quiet_unless(
    processes: &[u32],
    limit: Duration,
    happened: impl Fn() -> bool,
) -> bool {
    const LOOK: Duration = Duration::from_millis(25);
    /// A program that looks for something now and then is quiet, too.
    const RESTING: Duration = Duration::from_millis(5);
    let start = Instant::now();
    let mut before = told::activity(processes);
    let mut quiet = 0;
    while quiet < 4 {
        if start.elapsed() > limit || happened() {
            return false;
        }
        thread::sleep(LOOK);
        let now = told::activity(processes);
        let rests = match (before, now) {
            (Some(before), Some(now)) => now.saturating_sub(before) < RESTING,
            _ => !cfg!(target_os = "linux"),
        };
        quiet = if rests { quiet + 1 } else { 0 };
        before = now;
    }
    true
}
