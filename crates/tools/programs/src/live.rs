//! The programs that run now, for the day that this process is stopped.

use std::collections::BTreeMap;
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::system::{Guard, Tree};

/// The variable that everything carries that comes of a program: the marks of
/// the program, after those of the program that this process is itself.
pub const MARK: &str = "PROGRAMS_MARK";

static REGISTRY: Mutex<Registry> = Mutex::new(Registry {
    trees: BTreeMap::new(),
    started: 0,
    guard: None,
});

/// Whether a signal ends this process.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Goes no further where a signal ends this process: nobody is to draw
/// conclusions, in the moment that is left, from how the programs end now. Who
/// learns of that by itself, from a connection that breaks, asks here before
/// it tells.
pub fn stop_if_ending() {
    while ENDING.load(Ordering::SeqCst) {
        thread::park();
    }
}

struct Registry {
    trees: BTreeMap<u64, Tree>,
    /// How many programs this process has started so far.
    started: u64,
    /// Ends the programs when this process is gone.
    guard: Option<Guard>,
}

impl Registry {
    fn guard(&mut self) -> io::Result<&mut Guard> {
        let guard = match self.guard.take() {
            Some(guard) => guard,
            None => Guard::new()?,
        };
        Ok(self.guard.insert(guard))
    }

    fn tell(&mut self) {
        if let Some(guard) = &mut self.guard {
            guard.watch(self.trees.values());
        }
    }
}

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The trees of all the programs that run now.
pub fn trees() -> Vec<Tree> {
    registry().trees.values().cloned().collect()
}

/// The number of the process that ends the others, if there is one.
#[cfg(unix)]
pub fn guard_id() -> Option<u32> {
    registry().guard.as_ref().map(Guard::id)
}

/// Has a folder removed when this process is gone.
pub fn guard_folder(folder: &std::path::Path) -> io::Result<()> {
    registry().guard()?.watch_folder(folder);
    Ok(())
}

/// A program's place in the list.
pub struct Live {
    number: u64,
    tree: Tree,
}

/// Starts a program. Between its start and its place in the list nobody can
/// end all.
pub fn spawn(command: &mut Command) -> io::Result<(Child, Live)> {
    let mut registry = registry();
    if ENDING.load(Ordering::SeqCst) {
        drop(registry);
        stop_if_ending();
        return Err(io::ErrorKind::Interrupted.into());
    }
    registry.guard()?;
    registry.started += 1;
    let number = registry.started;
    let (child, tree) = Tree::spawn(command, number)?;
    registry.trees.insert(number, tree.clone());
    registry.tell();
    Ok((child, Live { number, tree }))
}

impl Live {
    pub fn id(&self) -> u32 {
        self.tree.id()
    }

    pub fn interrupt(&self) {
        self.tree.interrupt();
    }

    pub fn terminate(&self) {
        self.tree.terminate();
    }

    /// Ends the program, and all that it started.
    pub fn end(&self) {
        self.tree.end();
    }

    /// What the program started and still runs.
    pub fn others(&self) -> Vec<u32> {
        self.tree.others()
    }

    pub fn forget(&self) {
        let mut registry = registry();
        registry.trees.remove(&self.number);
        registry.tell();
    }
}

/// How a program ended, if it has. Its number stays its own until it is waited
/// for, so that nobody else is ever ended in its place.
pub fn ended(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let ended = crate::system::ended(child)?;
    if ended.is_some() {
        stop_if_ending();
    }
    Ok(ended)
}

/// Ends every program that this process has started, with all that they
/// started. Their [`crate::Program`]s remain, of programs that have ended.
pub fn end_all() {
    let trees = trees();
    // First all at once, and then one after the other for certain.
    for tree in &trees {
        tree.strike();
    }
    for tree in &trees {
        tree.end();
    }
}

/// Ends every program, and then this process with this status. From now on
/// nothing starts any more, and nobody hears how a program ends: who would,
/// waits for the end.
pub fn end_all_and_exit(status: i32) -> ! {
    {
        let _nothing_starts = registry();
        ENDING.store(true, Ordering::SeqCst);
    }
    end_all();
    std::process::exit(status)
}

/// Has Ctrl-C, SIGTERM and SIGHUP (and, on Windows, a closed window) run this,
/// each time, instead of ending this process.
///
/// # Errors
/// Where the system does not let it, or another part of this process has done
/// it already.
pub fn on_signals(handler: impl FnMut() + Send + 'static) -> io::Result<()> {
    ctrlc::set_handler(handler).map_err(io::Error::other)
}

/// Has the same signals run `first`, end every program, and then this process
/// with status 130.
///
/// Without this, a signal ends this process alone and at once, and the
/// programs some milliseconds later.
///
/// # Errors
/// As [`on_signals`].
pub fn end_on_signals(
    mut first: impl FnMut() + Send + 'static,
) -> io::Result<()> {
    on_signals(move || {
        first();
        end_all_and_exit(130);
    })
}
