//! The book: the pages of `docs/` with the lessons in them, as a site.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use mdbook_driver::MDBook;
use mdbook_driver::book::{Book as Pages, BookItem, Chapter};
use mdbook_driver::config::Config;
use mdbook_driver::errors::{Error, Result};
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

use crate::beside::Beside;
use crate::deck::{Deck, Figures};
use crate::lesson::Lesson;
use crate::live;
use crate::site::{self, Files, entries, name};
use crate::{contents, frame, terminal, theme};

/// What a book is made from.
#[derive(Clone)]
pub struct Material {
    /// The folder of the workspace, with its `docs`, `figures` and `crates`.
    pub workspace: PathBuf,
    /// The lecturer's own slides, to be shown beside the pages.
    pub slides: Option<PathBuf>,
}

/// The site, ready to be served or written.
pub struct Book {
    /// All of its files.
    pub files: Files,
    /// What is wrong with the pages, a line each.
    pub problems: Vec<String>,
    /// Which slides are beside which page.
    pub beside: Beside,
    /// The figures of the slides.
    pub figures: Figures,
}

impl Book {
    /// Builds the book. `version` is what its pages compare to see that they
    /// are out of date; without one they do not.
    ///
    /// # Errors
    /// Why there is no book, in a sentence.
    pub fn build(
        material: &Material,
        version: Option<u64>,
    ) -> Result<Book, String> {
        let figures = material.workspace.join("figures");
        let read = |path| Deck::read(path, &figures);
        let deck = material.slides.as_deref().map(read).transpose()?;
        let deck = deck.unwrap_or_default();
        build(&material.workspace, deck, version).map_err(|error| {
            format!("Não foi possível fazer o livro: {error:#}")
        })
    }

    /// The slides and the pages without a counterpart, and the figures that
    /// the slides lack, as lines for the terminal. Nothing without slides.
    pub fn report(&self) -> Option<String> {
        let missing = &self.figures.missing;
        let figures = (!missing.is_empty())
            .then(|| format!("Figuras em falta:\n  {}", missing.join("\n  ")));
        let lists = [self.beside.report(), figures];
        let lists: Vec<String> = lists.into_iter().flatten().collect();
        (!lists.is_empty()).then(|| lists.join("\n"))
    }

    /// Says on the terminal what is wrong with it, and its report if it is not
    /// the one of the book before.
    pub fn tell(&self, before: Option<&Book>) {
        for problem in &self.problems {
            terminal::warn(problem);
        }
        let report = self.report();
        if report != before.and_then(Book::report)
            && let Some(report) = report
        {
            terminal::warn(&report);
        }
    }
}

fn build(workspace: &Path, deck: Deck, version: Option<u64>) -> Result<Book> {
    // What mdBook reads and writes, other than the pages.
    let work = tempfile::tempdir()?;
    let folder = |name: &str| -> io::Result<PathBuf> {
        let folder = work.path().join(name);
        fs::create_dir(&folder).map(|()| folder)
    };
    let template = folder("theme")?;
    fs::write(template.join("index.hbs"), theme::PAGE)?;
    let mut config = Config::from_str(theme::SETTINGS)?;
    config.set("output.html.theme", template)?;
    config.build.build_dir = folder("site")?;
    if let Some(version) = version {
        let version = version.to_string();
        config.set("output.html.live-reload-endpoint", version)?;
    }

    let docs = workspace.join("docs");
    let lessons = lessons(workspace)?;
    let mut book = MDBook::load_with_config(workspace, config)?;
    let mut problems = not_shown(&book.book, &lessons);
    problems.extend(not_listed(&book.book, &docs)?);
    // mdBook would copy every file from there that is not a page.
    book.config.book.src = folder("nothing")?;
    book.with_preprocessor(Expander {
        workspace: workspace.to_path_buf(),
        lessons,
    });
    book.build()?;

    let mut files = Files::new();
    site::read_files(&book.config.build.build_dir, "", &mut files)?;
    files.retain(|path, _| is_used(path));
    for (path, text) in theme::FILES.into_iter().chain(live::FILES) {
        files.insert(path.to_string(), text.into());
    }
    site::read_files(&docs, "", &mut files)?;
    site::read_files(&workspace.join("figures"), "figures/", &mut files)?;

    for (place, path) in &deck.figures.found {
        files.insert(place.clone(), fs::read(path)?);
    }
    let beside = match deck.titles()[..] {
        [] => Beside::default(),
        ref titles => Beside::new(titles, &book.book.items),
    };
    frame::complete(&mut files, &book.book, |page, root| {
        deck.show(beside.slides_of(page), root)
    });
    problems.extend(dead_links(&files));
    Ok(Book {
        files,
        problems,
        beside,
        figures: deck.figures,
    })
}

/// Whether the pages use this file of those that mdBook writes.
fn is_used(path: &str) -> bool {
    let kept = ["favicon.svg", "highlight.js", "searchindex.js"];
    let page = path.ends_with(".html") && path != "toc.html";
    page || path.starts_with("fonts/") || kept.contains(&path)
}

/// The folders of the lecture's parts: `crates/1_sockets`, but not
/// `crates/tools`.
pub fn parts(workspace: &Path) -> io::Result<Vec<PathBuf>> {
    let mut parts = entries(&workspace.join("crates"))?;
    parts.retain(|part| {
        name(part).starts_with(|first: char| first.is_ascii_digit())
    });
    Ok(parts)
}

/// Each lesson by its name.
fn lessons(workspace: &Path) -> io::Result<BTreeMap<String, Source>> {
    let mut lessons = BTreeMap::new();
    for part in parts(workspace)? {
        for lesson in entries(&part)? {
            if let Ok(main) = fs::read_to_string(lesson.join("src/main.rs")) {
                let path = format!("crates/{}/{}", name(&part), name(&lesson));
                lessons.insert(name(&lesson), Source { path, main });
            }
        }
    }
    Ok(lessons)
}

/// A lesson's folder, and its program.
struct Source {
    path: String,
    main: String,
}

/// What stands between `{{#word ` and `}}`, alone on its line.
fn directive<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    line.strip_prefix("{{#")?
        .strip_prefix(word)?
        .strip_suffix("}}")
        .map(str::trim)
}

fn not_shown(pages: &Pages, lessons: &BTreeMap<String, Source>) -> Vec<String> {
    let shown: Vec<&str> = pages
        .chapters()
        .flat_map(|chapter| chapter.content.lines())
        .filter_map(|line| directive(line, "program"))
        .collect();
    lessons
        .keys()
        .filter_map(|lesson| {
            match shown.iter().filter(|name| *name == lesson).count() {
                1 => None,
                0 => Some(format!("{lesson}: nenhuma página mostra a lição")),
                _ => Some(format!("{lesson}: mais de uma página a mostra")),
            }
        })
        .collect()
}

fn not_listed(pages: &Pages, docs: &Path) -> io::Result<Vec<String>> {
    let listed: BTreeSet<PathBuf> = pages
        .chapters()
        .filter_map(|chapter| chapter.source_path.clone())
        .chain([PathBuf::from("SUMMARY.md")])
        .collect();
    let pages = entries(docs)?.into_iter().map(|path| name(&path));
    Ok(pages
        .filter(|page| page.ends_with(".md") && !page.starts_with('.'))
        .filter(|page| !listed.contains(Path::new(page)))
        .map(|page| format!("docs/{page}: não está em docs/SUMMARY.md"))
        .collect())
}

/// Replaces the directives in the pages.
struct Expander {
    workspace: PathBuf,
    lessons: BTreeMap<String, Source>,
}

impl Preprocessor for Expander {
    fn name(&self) -> &str {
        "lecture"
    }

    fn run(&self, _: &PreprocessorContext, mut book: Pages) -> Result<Pages> {
        // The cover, before the first part, is where the list stands.
        let cover = |item: &BookItem| !matches!(item, BookItem::PartTitle(_));
        let parts = book.items.iter().position(|item| !cover(item));
        let parts = &book.items[parts.unwrap_or(0)..];
        let contents = contents::list(parts, "", None);
        let mut result = Ok(());
        book.for_each_chapter_mut(|chapter| {
            match self.expand(chapter, &contents) {
                Ok(content) => chapter.content = content,
                Err(error) => result = Err(error),
            }
        });
        result.map(|()| book)
    }
}

impl Expander {
    fn expand(&self, chapter: &Chapter, contents: &str) -> Result<String> {
        let mut page = String::new();
        let figures = chapter.content.lines().filter_map(figure).count();
        for line in chapter.content.lines() {
            if let Some(name) = directive(line, "header") {
                let main = &self.lesson(name)?.main;
                page += &live::place(name);
                page += &Lesson::parse("main.rs", main).header;
            } else if let Some(words) = directive(line, "program") {
                page += &self.program(words)?;
            } else if directive(line, "contents").is_some() {
                page += contents;
            } else if let Some((text, figure)) = figure(line) {
                // Within a link to itself: it can be seen alone, as large as
                // the window.
                let shown = format!("[![{text}]({figure})]({figure})");
                if figures == 1 {
                    // Beside the text that follows.
                    let shape = self.shape(figure);
                    page += &format!("<div class=\"figure {shape}\">\n\n");
                    page += &format!("{shown}\n\n<div>\n");
                } else {
                    page += &shown;
                }
            } else {
                page += line;
            }
            page.push('\n');
        }
        if figures == 1 {
            page += "\n</div>\n</div>\n";
        }
        Ok(page)
    }

    /// How much room a figure takes beside a text.
    fn shape(&self, figure: &str) -> &'static str {
        let path = self.workspace.join(figure.trim_start_matches("../"));
        let svg = fs::read_to_string(path).unwrap_or_default();
        let sizes = attributes(&svg, " viewBox=\"0 0 ").next();
        let sides = sizes.and_then(|sizes| {
            let (width, height) = sizes.split_once(' ')?;
            Some((width.parse::<f64>().ok()?, height.parse::<f64>().ok()?))
        });
        match sides {
            Some((width, height)) if width > 1.5 * height => "wide",
            _ => "tall",
        }
    }

    /// `NAME` is a lesson's program; `NAME FILE`, another file of the lesson.
    fn program(&self, words: &str) -> Result<String> {
        let (name, file) = words.split_once(' ').unwrap_or((words, ""));
        let Source { path, main } = self.lesson(name)?;
        if file.is_empty() {
            let path = format!("{path}/src/main.rs");
            return Ok(Lesson::parse(&path, main).columns(&path));
        }
        let path = format!("{path}/{file}");
        let source = fs::read_to_string(self.workspace.join(&path))
            .map_err(|error| Error::msg(format!("{path}: {error}")))?;
        Ok(Lesson::parse(&path, &source).columns(&path))
    }

    fn lesson(&self, name: &str) -> Result<&Source> {
        self.lessons
            .get(name)
            .ok_or_else(|| Error::msg(format!("não há uma lição {name}")))
    }
}

/// A figure alone on its line: its text, and where it is in the site. (On disk
/// the figures are beside `docs/`, and not in it.)
fn figure(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("![")?
        .strip_suffix(')')?
        .split_once("](../")
}

/// The links from page to page, to a place on a page, and to a figure, whose
/// target does not exist.
fn dead_links(files: &Files) -> BTreeSet<String> {
    let mut dead = BTreeSet::new();
    for (page, bytes) in files {
        // The page for printing has the links of all the others again.
        if !page.ends_with(".html") || page == "print.html" {
            continue;
        }
        let text = String::from_utf8_lossy(bytes);
        let links = attributes(&text, " href=\"")
            .chain(attributes(&text, " src=\""))
            .filter(|link| !link.contains(':'));
        for link in links {
            let (path, place) = link.split_once('#').unwrap_or((link, ""));
            let path = if path.is_empty() {
                page.clone()
            } else {
                resolve(page, path)
            };
            let exists = files.get(&path).is_some_and(|target| {
                let id = format!(" id=\"{place}\"");
                place.is_empty()
                    || String::from_utf8_lossy(target).contains(&id)
            });
            if !exists {
                dead.insert(format!("{page}: não existe {link}"));
            }
        }
    }
    dead
}

/// The path of a link's target, from the site's root.
fn resolve(page: &str, link: &str) -> String {
    let mut folders: Vec<&str> = page.split('/').collect();
    folders.pop();
    for step in link.split('/') {
        match step {
            ".." => drop(folders.pop()),
            step => folders.push(step),
        }
    }
    folders.join("/")
}

fn attributes<'a>(
    html: &'a str,
    start: &'a str,
) -> impl Iterator<Item = &'a str> {
    html.split(start)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A workspace with one lesson, one figure and two pages.
    fn workspace() -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        let lesson = "//! # Eco\n\nfn main() {}\n";
        for (path, text) in [
            (
                "docs/SUMMARY.md",
                "[Capa](index.md)\n\n# Um\n\n- [Eco](eco.md)\n",
            ),
            ("docs/index.md", "# Capa\n\n{{#contents}}\n"),
            (
                "docs/eco.md",
                "{{#header eco}}\n\n![F](../figures/f.svg)\n\n{{#program eco}}\n",
            ),
            ("figures/f.svg", "<svg/>"),
            ("crates/1_sockets/eco/src/main.rs", lesson),
            ("crates/tools/tool/src/main.rs", lesson),
        ] {
            write(root.path(), path, text);
        }
        root
    }

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("make it");
        fs::write(path, text).expect("write a file");
    }

    fn build_book(root: &Path) -> Result<Book, String> {
        let material = Material {
            workspace: root.to_path_buf(),
            slides: None,
        };
        Book::build(&material, None)
    }

    fn problems(root: &Path) -> Vec<String> {
        build_book(root).expect("a book").problems
    }

    #[test]
    fn a_lesson_is_on_its_page() {
        let root = workspace();
        let book = build_book(root.path()).expect("a book");
        assert_eq!(book.problems, Vec::<String>::new());
        let page = String::from_utf8_lossy(&book.files["eco.html"]);
        assert!(page.contains("fn main() {}"), "{page}");
        let path = "crates/<wbr>1_sockets/<wbr>eco/<wbr>src/<wbr>main.rs";
        assert!(page.contains(path), "{page}");
        assert!(
            page.contains("<img src=\"figures/f.svg\" alt=\"F\""),
            "{page}"
        );
        let cover = String::from_utf8_lossy(&book.files["index.html"]);
        assert!(cover.contains("<a href=\"eco.html\">Eco</a>"), "{cover}");
    }

    #[test]
    fn a_lesson_that_no_page_shows() {
        let root = workspace();
        let lesson = "crates/2_rest/other/src/main.rs";
        write(root.path(), lesson, "fn main() {}");
        assert_eq!(
            problems(root.path()),
            ["other: nenhuma página mostra a lição"]
        );
    }

    #[test]
    fn a_page_that_is_not_listed() {
        let root = workspace();
        write(root.path(), "docs/lost.md", "# Perdida\n");
        assert_eq!(
            problems(root.path()),
            ["docs/lost.md: não está em docs/SUMMARY.md"]
        );
    }

    #[test]
    fn dead_links_and_a_figure_that_does_not_exist() {
        let root = workspace();
        write(
            root.path(),
            "docs/index.md",
            "[a](eco.md) [b](none.md) [c](eco.md#none) [d](https://mqtt.org)\n\n\
             ![e](../figures/none.svg)\n",
        );
        assert_eq!(
            problems(root.path()),
            [
                "index.html: não existe eco.html#none",
                "index.html: não existe figures/none.svg",
                "index.html: não existe none.html",
            ]
        );
    }

    #[test]
    fn a_page_in_a_folder() {
        let root = workspace();
        let summary =
            "[Capa](index.md)\n\n# Um\n\n- [Eco](eco.md)\n- [B](b/c.md)\n";
        write(root.path(), "docs/SUMMARY.md", summary);
        let page = "[a](../eco.md) [b](eco.md)\n\n![f](../../figures/f.svg)\n";
        write(root.path(), "docs/b/c.md", page);
        assert_eq!(problems(root.path()), ["b/c.html: não existe eco.html"]);
    }

    #[test]
    fn a_slide_without_a_page_and_a_page_without_its_lesson() {
        let root = workspace();
        fs::remove_file(root.path().join("docs/eco.md")).expect("remove it");
        let error = build_book(root.path()).err().expect("no book");
        assert!(error.contains("eco.md"), "{error}");

        write(root.path(), "docs/eco.md", "{{#program echo}}\n");
        let error = build_book(root.path()).err().expect("no book");
        assert!(error.contains("não há uma lição echo"), "{error}");
    }
}
