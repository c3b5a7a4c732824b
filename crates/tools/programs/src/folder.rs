//! Folders for what programs leave.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use crate::live;

/// A folder that nobody else uses. It goes with this value or, on Unix, with
/// this process, whatever ends that, after the programs.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Makes one among the system's temporary files, with a name that begins
    /// like this.
    ///
    /// # Errors
    /// Where the system does not let it.
    pub fn new(name: &str) -> io::Result<Folder> {
        Folder::inside(&env::temp_dir(), name)
    }

    /// Makes one inside another folder, which is made where it is missing.
    ///
    /// # Errors
    /// Where the system does not let it.
    pub fn inside(parent: &Path, name: &str) -> io::Result<Folder> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        fs::create_dir_all(parent)?;
        let parent = std::path::absolute(parent)?;
        loop {
            let number = MADE.fetch_add(1, Ordering::Relaxed);
            let name = format!("{name}-{}-{number}", std::process::id());
            let path = parent.join(name);
            match fs::create_dir(&path) {
                Ok(()) => {
                    let folder = Folder(path);
                    live::guard_folder(&folder.0)?;
                    return Ok(folder);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Who was just ended may have been writing.
        for _ in 0..50 {
            if fs::remove_dir_all(&self.0).is_ok() || !self.0.exists() {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}
