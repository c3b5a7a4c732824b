//! Waits for a file to change.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

/// The most files that are looked at: a command may name one in a folder that
/// has everything in it.
const MOST: usize = 5000;

/// When a file was last written, and its length in bytes.
type State = (Option<SystemTime>, u64);

/// Folders whose files may change.
pub struct Watched {
    folders: Vec<PathBuf>,
    /// The files as they were before the last check.
    before: BTreeMap<PathBuf, State>,
    /// Those that changed while the last check ran.
    changed: BTreeSet<PathBuf>,
}

impl Watched {
    /// The files in these folders as they are now, before a check.
    pub fn new(folders: Vec<PathBuf>) -> Watched {
        let before = files(&folders);
        Watched {
            folders,
            before,
            changed: BTreeSet::new(),
        }
    }

    /// Waits, after a check, until a file is not as it was before it. What
    /// changes during one check after another is what the program itself
    /// writes: that does not count.
    pub fn waits_for_change(&mut self) {
        let now = files(&self.folders);
        let changed = changes(&self.before, &now);
        let own = &changed & &self.changed;
        self.changed = changed;
        while changes(&self.before, &files(&self.folders)).is_subset(&own) {
            thread::sleep(Duration::from_millis(200));
        }
        self.before = files(&self.folders);
    }
}

/// Which files are not the same, or not there any more, or new.
fn changes(
    before: &BTreeMap<PathBuf, State>,
    now: &BTreeMap<PathBuf, State>,
) -> BTreeSet<PathBuf> {
    let paths = before.keys().chain(now.keys());
    let changed = paths.filter(|path| before.get(*path) != now.get(*path));
    changed.cloned().collect()
}

fn files(folders: &[PathBuf]) -> BTreeMap<PathBuf, State> {
    let mut files = BTreeMap::new();
    for folder in folders {
        collect(folder, 0, &mut files);
    }
    files
}

fn collect(folder: &Path, depth: usize, files: &mut BTreeMap<PathBuf, State>) {
    const BUILT: [&str; 3] = ["target", "node_modules", "__pycache__"];
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_spare = name.starts_with('.') || name.ends_with('~');
        if is_spare || BUILT.contains(&name.as_str()) || files.len() >= MOST {
            continue;
        }
        let Ok(about) = entry.metadata() else {
            continue;
        };
        if !about.is_dir() {
            let state = (about.modified().ok(), about.len());
            files.insert(entry.path(), state);
        } else if depth < 6 {
            collect(&entry.path(), depth + 1, files);
        }
    }
}
