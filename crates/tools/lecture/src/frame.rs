//! What stands around the text of every page: the list of all pages, the place
//! where a lesson runs, and the slides.

use std::path::Path;

use mdbook_driver::book::{Book, Chapter};

use crate::book::directive;
use crate::contents;
use crate::site::Files;

/// Puts it into the pages, where the template has its marks. `slides` gives
/// those of the page of a file of `docs`, as HTML with this way to the site's
/// root.
pub fn complete(
    files: &mut Files,
    book: &Book,
    slides: impl Fn(&Path, &str) -> String,
) {
    for (address, bytes) in files {
        if !address.ends_with(".html") {
            continue;
        }
        let root = "../".repeat(address.matches('/').count());
        let mut chapters = book.chapters();
        let chapter = chapters.find(|chapter| {
            let path = chapter.path.as_deref();
            path.is_some_and(|path| contents::address(path) == *address)
        });
        let path = chapter.and_then(|chapter| chapter.path.as_deref());
        let pieces = [
            ("<!-- pages -->", contents::list(&book.items, &root, path)),
            ("<!-- live -->", chapter.map_or(String::new(), live)),
            (
                "<!-- slides -->",
                path.map_or(String::new(), |path| slides(path, &root)),
            ),
        ];
        *bytes = fill(&String::from_utf8_lossy(bytes), &pieces).into();
    }
}

/// Where a page's lesson runs.
fn live(chapter: &Chapter) -> String {
    let mut lines = chapter.content.lines();
    let program = lines.find_map(|line| directive(line, "program"));
    let lesson = program.and_then(|words| words.split(' ').next());
    lesson.map_or(String::new(), |lesson| {
        format!(
            "<section id=\"live\" data-lesson=\"{lesson}\" \
             aria-label=\"Correr a lição\" hidden></section>"
        )
    })
}

/// A page with a piece in the place of each mark, which are in this order.
fn fill(page: &str, pieces: &[(&str, String)]) -> String {
    let mut filled = String::new();
    let mut rest = page;
    for (mark, piece) in pieces {
        if let Some((before, after)) = rest.split_once(mark) {
            filled += before;
            filled += piece;
            rest = after;
        }
    }
    filled + rest
}
