//! What stands around the text of every page: the list of all pages, and the
//! slides.

use std::path::Path;

use mdbook_driver::book::Book;

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
        let mut paths = book.chapters().filter_map(|page| page.path.as_deref());
        let path = paths.find(|path| contents::address(path) == *address);
        let pieces = [
            ("<!-- pages -->", contents::list(&book.items, &root, path)),
            (
                "<!-- slides -->",
                path.map_or(String::new(), |path| slides(path, &root)),
            ),
        ];
        *bytes = fill(&String::from_utf8_lossy(bytes), &pieces).into();
    }
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
