//! Where the workspace is.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The workspace's root folder: the first one, from the current folder
/// upwards, that has this project in it.
///
/// Nothing of it is compiled in, because a tool may have been built in another
/// folder: the workspace was copied or renamed, or shares its target folder
/// with another clone. Where the current folder is outside, as with `cargo run
/// --manifest-path`, it is the workspace that cargo names.
///
/// # Errors
/// [`io::ErrorKind::NotFound`] where there is none.
pub fn workspace() -> io::Result<PathBuf> {
    let named = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    [env::current_dir().ok(), named]
        .into_iter()
        .flatten()
        .find_map(|folder| above(&folder))
        .ok_or_else(|| io::ErrorKind::NotFound.into())
}

fn above(folder: &Path) -> Option<PathBuf> {
    let root = folder.ancestors().find(|folder| is_root(folder))?;
    Some(root.to_path_buf())
}

fn is_root(folder: &Path) -> bool {
    let manifest = fs::read_to_string(folder.join("Cargo.toml"));
    manifest.is_ok_and(|text| text.lines().any(|line| line == "[workspace]"))
        && folder.join("crates/tools/programs/Cargo.toml").exists()
}
