//! The files of a site, in memory.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Each file by its path from the site's root, with `/` between folders.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The files that may be in a site: their extensions, and what they are.
const TYPES: [(&str, &str); 13] = [
    ("css", "text/css; charset=utf-8"),
    ("csv", "text/csv; charset=utf-8"),
    ("html", "text/html; charset=utf-8"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("js", "text/javascript; charset=utf-8"),
    ("json", "application/json"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain; charset=utf-8"),
    ("webp", "image/webp"),
    ("woff2", "font/woff2"),
];

/// The `Content-Type` of a file; nothing if its kind has no place in a site.
///
/// What an editor leaves beside a file (`.#tcp.md`, `tcp.md~`, `.tcp.md.swp`)
/// has no place there either.
pub fn content_type(path: &Path) -> Option<&'static str> {
    if is_hidden(path) {
        return None;
    }
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    let found = TYPES.iter().find(|(name, _)| *name == extension)?;
    Some(found.1)
}

/// Whether a file's name begins with a dot.
pub fn is_hidden(path: &Path) -> bool {
    name(path).starts_with('.')
}

/// Reads what belongs in a site from a folder and those within it.
///
/// # Errors
/// A folder or a file that cannot be read.
pub fn read_files(
    folder: &Path,
    prefix: &str,
    files: &mut Files,
) -> io::Result<()> {
    for path in entries(folder)? {
        let place = format!("{prefix}{}", name(&path));
        if path.is_dir() {
            read_files(&path, &format!("{place}/"), files)?;
        } else if content_type(&path).is_some() {
            files.insert(place, fs::read(&path)?);
        }
    }
    Ok(())
}

/// Writes all of them to a folder, which need not exist.
///
/// # Errors
/// A folder or a file that cannot be written.
pub fn write_files(folder: &Path, files: &Files) -> io::Result<()> {
    for (path, bytes) in files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, bytes)?;
    }
    Ok(())
}

/// The paths of what is directly in a folder.
///
/// # Errors
/// A folder that cannot be read.
pub fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect()
}

/// The last part of a path, to be compared and shown.
pub fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_editor_leaves_is_not_in_the_site() {
        for (file, expected) in [
            ("docs/tcp.html", Some("text/html; charset=utf-8")),
            ("measures/report.json", Some("application/json")),
            ("FOTO.PNG", Some("image/png")),
            (".#f.svg", None),
            (".tcp.md.swp", None),
            ("tcp.md", None),
            ("tcp.md~", None),
            ("#tcp.md#", None),
            ("f.svg~", None),
            ("4913", None),
        ] {
            assert_eq!(content_type(Path::new(file)), expected, "{file}");
        }
    }
}
