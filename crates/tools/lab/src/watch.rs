//! Waits for a file to change.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::labs::Lab;
use crate::program::Launch;
use crate::workspace;

/// What makes a program: the lab's crate, or the files that a command names,
/// with what stands beside them.
pub fn sources(lab: &Lab, command: Option<&Launch>) -> Vec<PathBuf> {
    let Some(command) = command else {
        return vec![workspace::folder(lab)];
    };
    let words = command.arguments.iter().map(PathBuf::from);
    let words = [PathBuf::from(&command.program)].into_iter().chain(words);
    let mut folders: Vec<PathBuf> = words
        .filter(|word| word.is_file())
        .filter_map(|file| Some(file.canonicalize().ok()?.parent()?.into()))
        .collect();
    folders.sort();
    folders.dedup();
    if folders.is_empty() {
        folders.push(PathBuf::from("."));
    }
    folders
}

/// Waits until something in these folders is not as it was then.
pub fn wait_for_change(folders: &[PathBuf], before: &State) {
    while state(folders) == *before {
        thread::sleep(Duration::from_millis(200));
    }
}

/// How many files there are, and when the newest one was written.
pub type State = (usize, Option<SystemTime>);

pub fn state(folders: &[PathBuf]) -> State {
    let mut files = Vec::new();
    for folder in folders {
        collect(folder, 0, &mut files);
    }
    (files.len(), files.into_iter().max())
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<SystemTime>) {
    const BUILT: [&str; 3] = ["target", "node_modules", "__pycache__"];
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || BUILT.contains(&name.as_str()) {
            continue;
        }
        let Ok(about) = entry.metadata() else {
            continue;
        };
        if about.is_dir() && depth < 6 {
            collect(&entry.path(), depth + 1, files);
        } else if let Ok(written) = about.modified() {
            files.push(written);
        }
    }
}
