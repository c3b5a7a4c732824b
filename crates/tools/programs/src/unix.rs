//! Unix: process groups, and what has left them.

use std::collections::BTreeSet;
use std::env;
use std::io::{self, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process,
    kill_process_group, waitid, waitpid,
};

use crate::live::{self, MARK};
use crate::table::{self, Process};

/// The longest that a program is ended again and again. SIGKILL takes
/// microseconds; one that waits for a disk takes longer.
const LIMIT: Duration = Duration::from_secs(5);

/// Waits until its input ends, which happens when the process that wrote to it
/// is gone, in whatever way; and then ends the last programs that it was told
/// of, with their descendants and whatever carries their mark, and removes the
/// folders.
const WATCHDOG: &str = r#"
    trap '' INT TERM HUP QUIT TSTP
    leaders= folders=
    while IFS= read -r line; do
        case $line in
        L*) leaders=${line#L} ;;
        F*) folders="$folders${line#F}
" ;;
        esac
    done
    descend() {
        for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
            echo "$child"
            descend "$child"
        done
    }
    tries=0
    while [ -n "$leaders" ] && [ $tries -lt 20 ]; do
        tries=$((tries + 1))
        others=
        for leader in $leaders; do
            others="$others $(descend "$leader")"
        done
        marked=$(grep -sl ":$1-" /proc/[0-9]*/environ)
        for path in $marked; do
            path=${path%/environ}
            others="$others ${path#/proc/}"
        done
        alive=
        for leader in $leaders; do
            kill -9 -"$leader" && alive=yes
        done
        for other in $others; do
            kill -9 "$other" && alive=yes
        done
        [ -n "$alive" ] || break
        sleep 0.02
    done
    printf %s "$folders" | while IFS= read -r folder; do
        tries=0
        until rm -rf "$folder" || [ $tries -gt 50 ]; do
            tries=$((tries + 1))
            sleep 0.1
        done
    done
"#;

/// The shell that outlives this process for a moment.
pub struct Guard {
    id: u32,
    input: ChildStdin,
}

impl Guard {
    pub fn new() -> io::Result<Guard> {
        // Orphans of what was started come here, where they are found.
        #[cfg(target_os = "linux")]
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
        let mut child = Command::new("/bin/sh")
            .args(["-c", WATCHDOG, "sh", own_mark()])
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let id = child.id();
        match child.stdin.take() {
            Some(input) => Ok(Guard { id, input }),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Tells which programs there are now.
    pub fn watch<'a>(&mut self, trees: impl Iterator<Item = &'a Tree>) {
        let ids: Vec<String> = trees.map(|tree| tree.id.to_string()).collect();
        self.tell(&format!("L{}\n", ids.join(" ")));
    }

    pub fn watch_folder(&mut self, folder: &Path) {
        self.tell(&format!("F{}\n", folder.display()));
    }

    fn tell(&mut self, line: &str) {
        // Where somebody has ended it, only this process is left to end all.
        let _ = self.input.write_all(line.as_bytes());
    }

    pub fn id(&self) -> u32 {
        self.id
    }
}

/// What the marks of this process's programs begin with.
fn own_mark() -> &'static str {
    static MARK: OnceLock<String> = OnceLock::new();
    MARK.get_or_init(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default().as_micros();
        format!("{}.{now}", std::process::id())
    })
}

/// A program and all that it started.
#[derive(Clone)]
pub struct Tree {
    id: u32,
    mark: String,
    /// When it started, as the system counts it.
    started: u64,
}

impl Tree {
    pub fn spawn(
        command: &mut Command,
        number: u64,
    ) -> io::Result<(Child, Tree)> {
        let mark = format!(":{}-{number}:", own_mark());
        let inherited = env::var(MARK).unwrap_or_default();
        command.env(MARK, inherited + &mark).process_group(0);
        let child = command.spawn()?;
        let id = child.id();
        let started = table::started(id).unwrap_or(0);
        Ok((child, Tree { id, mark, started }))
    }

    pub fn id(&self) -> u32 {
        self.id
    }

    pub fn interrupt(&self) {
        self.signal_group(Signal::INT);
    }

    pub fn terminate(&self) {
        signal(self.id, Signal::TERM);
    }

    /// Ends the group, without looking what else there is.
    pub fn strike(&self) {
        self.signal_group(Signal::KILL);
    }

    /// Ends the program and the others, until there are none: who is being
    /// ended can still start something.
    pub fn end(&self) {
        let start = Instant::now();
        loop {
            self.strike();
            let others = self.others();
            if others.is_empty() || start.elapsed() > LIMIT {
                return;
            }
            for id in others {
                signal(id, Signal::KILL);
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// What the program started and still runs.
    pub fn others(&self) -> Vec<u32> {
        let table = table::all();
        // Not before: what is in the table and was started here is in the
        // list as well.
        let trees = live::trees();
        let guard = live::guard_id();
        let here = std::process::id();
        let own_group = table.iter().find(|process| process.id == here);
        let own_group = own_group.map(|process| process.group);
        // A child of this process that it did not start.
        let is_orphan = |process: &Process| {
            process.parent == here
                && Some(process.group) != own_group
                && Some(process.id) != guard
                && !trees.iter().any(|tree| tree.id == process.id)
        };
        let mut found = BTreeSet::new();
        for process in &table {
            let orphan = is_orphan(process);
            if orphan && process.zombie {
                reap(process.id);
            } else if process.group == self.id
                || table::carries(process.id, &self.mark)
                || orphan && self.alone_started(process, &trees)
            {
                found.insert(process.id);
            }
        }
        found.insert(self.id);
        // And whatever comes of these.
        loop {
            let before = found.len();
            for process in &table {
                if found.contains(&process.parent) {
                    found.insert(process.id);
                }
            }
            if found.len() == before {
                break;
            }
        }
        table
            .into_iter()
            .filter(|process| found.contains(&process.id))
            .filter(|process| process.id != self.id && !process.zombie)
            .map(|process| process.id)
            .collect()
    }

    /// Whether an orphan that does not say of which program it comes can come
    /// of no other one that still runs.
    fn alone_started(&self, orphan: &Process, trees: &[Tree]) -> bool {
        let can = |tree: &Tree| tree.started <= orphan.started;
        let is_marked = |tree: &Tree| table::carries(orphan.id, &tree.mark);
        let mut others = trees.iter().filter(|tree| tree.id != self.id);
        can(self)
            && !others.any(|tree| {
                can(tree) || tree.id == orphan.group || is_marked(tree)
            })
    }

    fn signal_group(&self, signal: Signal) {
        if let Some(group) = Pid::from_raw(self.id.cast_signed()) {
            // An empty group is what is wanted.
            let _ = kill_process_group(group, signal);
        }
    }
}

fn signal(id: u32, signal: Signal) {
    if let Some(id) = Pid::from_raw(id.cast_signed()) {
        // One that has gone by itself is as good.
        let _ = kill_process(id, signal);
    }
}

/// Takes note of an orphan's end, as its parent would have.
fn reap(id: u32) {
    let _ = waitpid(Pid::from_raw(id.cast_signed()), WaitOptions::NOHANG);
}

pub fn ended(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let options =
        WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    let ended = waitid(WaitId::Pid(Pid::from_child(child)), options)?;
    Ok(ended.map(|status| {
        let signal = status.terminating_signal().unwrap_or(0);
        let dumped = if status.dumped() { 0x80 } else { 0 };
        let code = status.exit_status().unwrap_or(0);
        ExitStatus::from_raw(code << 8 | dumped | signal)
    }))
}
