//! The book while it is served: made again whenever what it is made of
//! changes.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio::{task, time};

use crate::book::{self, Book, Material};
use crate::{site, terminal};

/// A book, and the number by which its pages see whether it is the newest.
pub struct Edition {
    pub book: Book,
    pub version: u64,
}

/// The edition that is shown now, and what it is made from.
#[derive(Clone)]
pub struct Newest {
    material: Arc<Material>,
    edition: Arc<RwLock<Arc<Edition>>>,
    /// As they were before the first edition was made.
    sources: Arc<Sources>,
}

impl Newest {
    /// Makes the first edition.
    ///
    /// # Errors
    /// Why there is no book, in a sentence.
    pub fn start(material: Material, version: u64) -> Result<Newest, String> {
        let files = look(&material);
        let book = Book::build(&material, Some(version))?;
        let figures = when_changed(&book.figures.looked);
        Ok(Newest {
            material: Arc::new(material),
            edition: Arc::new(RwLock::new(Arc::new(Edition { book, version }))),
            sources: Arc::new(Sources { files, figures }),
        })
    }

    /// The newest one, to be read.
    pub fn read(&self) -> Arc<Edition> {
        let edition = &self.edition;
        Arc::clone(&edition.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, edition: Edition) {
        let newest = &self.edition;
        *newest.write().unwrap_or_else(PoisonError::into_inner) =
            Arc::new(edition);
    }

    /// Looks for changes, for as long as it is polled. A book that cannot be
    /// made leaves the one before in place.
    ///
    /// # Errors
    /// Only where making a book panics.
    pub async fn keep(&self) -> io::Result<()> {
        let mut seen = self.sources.as_ref().clone();
        loop {
            time::sleep(Duration::from_millis(300)).await;
            let shown = self.read();
            let now = Sources {
                files: look(&self.material),
                figures: when_changed(&shown.book.figures.looked),
            };
            if now == seen {
                continue;
            }
            seen = now;
            let material = Arc::clone(&self.material);
            let version = shown.version + 1;
            let build = move || Book::build(&material, Some(version));
            match task::spawn_blocking(build).await? {
                Ok(book) => {
                    seen.figures = when_changed(&book.figures.looked);
                    programs::say("O livro foi refeito\n");
                    book.tell(Some(&shown.book));
                    self.replace(Edition { book, version });
                }
                Err(error) => terminal::warn(&error),
            }
        }
    }
}

/// When each file last changed; nothing where it is not there.
type Changes = BTreeMap<PathBuf, Option<SystemTime>>;

/// Everything that a book is made of.
#[derive(Clone, PartialEq)]
struct Sources {
    /// The workspace's files and the deck.
    files: Changes,
    /// The figures beside the deck.
    figures: Changes,
}

fn when_changed(paths: &[PathBuf]) -> Changes {
    let changed = |path: &PathBuf| fs::metadata(path)?.modified();
    paths
        .iter()
        .map(|path| (path.clone(), changed(path).ok()))
        .collect()
}

fn look(Material { workspace, slides }: &Material) -> Changes {
    let mut files = Vec::from_iter(slides.clone());
    let mut folders = book::parts(workspace).unwrap_or_default();
    folders.extend(["docs", "figures"].map(|folder| workspace.join(folder)));
    while let Some(folder) = folders.pop() {
        // A folder that has just gone is a change like any other.
        for path in site::entries(&folder).unwrap_or_default() {
            if path.is_dir() {
                folders.push(path);
            } else if is_source(&path) {
                files.push(path);
            }
        }
    }
    when_changed(&files)
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

    /// A book of one page, and a deck of one slide with a figure.
    fn material(root: &Path) -> Material {
        for folder in ["docs", "figures", "crates", "deck"] {
            fs::create_dir_all(root.join(folder)).expect("a folder");
        }
        write(&root.join("docs/SUMMARY.md"), "[Capa](index.md)\n");
        write(&root.join("docs/index.md"), "# Antes\n");
        write(&root.join("deck/aula.md"), "## Capa\n\n![f](f.svg)\n");
        Material {
            workspace: root.to_path_buf(),
            slides: Some(root.join("deck/aula.md")),
        }
    }

    async fn next_edition(newest: &Newest) -> String {
        let version = newest.read().version;
        let changed = async {
            while newest.read().version == version {
                time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = time::timeout(testkit::DEADLINE, changed).await;
        waited.expect("a new edition");
        let edition = newest.read();
        String::from_utf8_lossy(&edition.book.files["index.html"]).into()
    }

    #[tokio::test]
    async fn a_change_is_a_new_edition() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path();
        let newest = Newest::start(material(root), 1).expect("a book");
        let changes = async {
            for (path, text, expected) in [
                ("docs/index.md", "# Depois\n", "Depois"),
                ("deck/aula.md", "## Capa\n\nE mais ![f](g.svg)", "E mais"),
                ("deck/g.svg", "<svg/>", "slides/figure_1.svg"),
            ] {
                write(&root.join(path), text);
                let page = next_edition(&newest).await;
                assert!(page.contains(expected), "{path}: {page}");
            }
        };
        tokio::select! {
            _ = newest.keep() => {}
            () = changes => {}
        }
    }

    #[test]
    fn what_an_editor_leaves_is_no_change() {
        let folder = tempfile::tempdir().expect("a folder");
        let material = material(folder.path());
        let docs = folder.path().join("docs");
        let seen = look(&material);
        for name in [".#index.md", "index.md~", ".index.md.swp", "4913"] {
            write(&docs.join(name), "lixo");
            assert!(seen == look(&material), "{name}");
        }
        write(&docs.join("udp.md"), "# UDP\n");
        assert!(seen != look(&material), "a new page");
    }
}
