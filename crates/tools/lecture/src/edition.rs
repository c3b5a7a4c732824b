//! The book while it is served: made again whenever what it is made of
//! changes.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio::{task, time};

use crate::book::{self, Book};
use crate::{site, terminal};

/// A book, and the number by which its pages see whether it is the newest.
pub struct Edition {
    pub book: Book,
    pub version: u64,
}

impl Edition {
    /// Makes the book, and says on the terminal what is wrong with it.
    ///
    /// # Errors
    /// Why there is no book, in a sentence.
    pub fn build(workspace: &Path, version: u64) -> Result<Edition, String> {
        let book = Book::build(workspace, Some(version))?;
        for problem in &book.problems {
            terminal::warn(problem);
        }
        Ok(Edition { book, version })
    }
}

/// The edition that is shown now.
#[derive(Clone)]
pub struct Newest(Arc<RwLock<Arc<Edition>>>);

impl Newest {
    /// Starts with this edition.
    pub fn new(edition: Edition) -> Newest {
        Newest(Arc::new(RwLock::new(Arc::new(edition))))
    }

    /// The newest one, to be read.
    pub fn read(&self) -> Arc<Edition> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, edition: Edition) {
        let mut newest = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *newest = Arc::new(edition);
    }

    /// Looks for changes, for as long as it is polled. A book that cannot be
    /// made leaves the one before in place.
    ///
    /// # Errors
    /// Only where the terminal takes no more text.
    pub async fn keep(
        &self,
        workspace: &Path,
        mut seen: Sources,
    ) -> io::Result<()> {
        loop {
            time::sleep(Duration::from_millis(300)).await;
            let now = Sources::look(workspace);
            if now == seen {
                continue;
            }
            seen = now;
            let folder = workspace.to_path_buf();
            let version = self.read().version + 1;
            let build = move || Edition::build(&folder, version);
            match task::spawn_blocking(build).await? {
                Ok(edition) => {
                    self.replace(edition);
                    terminal::say("O livro foi refeito")?;
                }
                Err(error) => terminal::warn(&error),
            }
        }
    }
}

/// Every file that the book is made of, and when it last changed.
#[derive(PartialEq)]
pub struct Sources(BTreeMap<PathBuf, Option<SystemTime>>);

impl Sources {
    /// Looks at all of them.
    pub fn look(workspace: &Path) -> Sources {
        let mut sources = BTreeMap::new();
        let mut folders = book::parts(workspace).unwrap_or_default();
        folders
            .extend(["docs", "figures"].map(|folder| workspace.join(folder)));
        while let Some(folder) = folders.pop() {
            // A folder that has just gone is a change like any other.
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                match entry.metadata() {
                    Ok(found) if found.is_dir() => folders.push(path),
                    Ok(found) if is_source(&path) => {
                        sources.insert(path, found.modified().ok());
                    }
                    _ => {}
                }
            }
        }
        Sources(sources)
    }
}

/// Whether a file can change the book. What editors and programs leave beside
/// it cannot.
fn is_source(path: &Path) -> bool {
    let text = ["md", "rs"].map(|extension| Some(extension.as_ref()));
    site::content_type(path).is_some()
        || text.contains(&path.extension()) && !site::is_hidden(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        fs::write(path, text).expect("write a file");
    }

    #[tokio::test]
    async fn a_change_is_a_new_edition() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let page = root.join("docs/index.md");
        for folder in ["docs", "figures", "crates"] {
            fs::create_dir_all(root.join(folder)).expect("a folder");
        }
        write(&root.join("docs/SUMMARY.md"), "[Capa](index.md)\n");
        write(&page, "# Antes\n");

        let seen = Sources::look(root);
        let edition = Edition::build(root, 1).expect("a book");
        let newest = Newest::new(edition);
        write(&page, "# Depois, e mais\n");
        let changed = async {
            while newest.read().version == 1 {
                time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            _ = newest.keep(root, seen) => {}
            changed = time::timeout(testkit::DEADLINE, changed) => {
                changed.expect("a new edition");
            }
        }
        let edition = newest.read();
        let html = String::from_utf8_lossy(&edition.book.files["index.html"]);
        assert!(html.contains("Depois, e mais"), "{html}");
    }

    #[test]
    fn what_an_editor_leaves_is_no_change() {
        let folder = tempfile::tempdir().expect("a folder");
        let docs = folder.path().join("docs");
        fs::create_dir_all(&docs).expect("a folder");
        write(&docs.join("tcp.md"), "# TCP\n");
        let seen = Sources::look(folder.path());
        for name in [".#tcp.md", "tcp.md~", ".tcp.md.swp", "4913"] {
            write(&docs.join(name), "lixo");
            assert!(seen == Sources::look(folder.path()), "{name}");
        }
        write(&docs.join("udp.md"), "# UDP\n");
        assert!(seen != Sources::look(folder.path()), "a new page");
    }
}
