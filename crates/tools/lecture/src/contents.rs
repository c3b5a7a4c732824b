//! The list of all pages, as HTML.

use std::path::Path;

use mdbook_driver::book::BookItem;
use pulldown_cmark_escape::escape_html;

/// The pages below the title of each part. `root` is the way from the page
/// that shows the list to the site's root; `here`, that page's path in `docs`,
/// is marked.
pub fn list(items: &[BookItem], root: &str, here: Option<&Path>) -> String {
    let mut list = String::from("<ul class=\"contents\">");
    for part in by_part(items) {
        match &part[0] {
            BookItem::PartTitle(title) => {
                list += "<li><span>";
                escape(&mut list, title);
                list += "</span><ul>";
                pages(&part[1..], root, here, &mut list);
                list += "</ul></li>";
            }
            _ => pages(part, root, here, &mut list),
        }
    }
    list + "</ul>"
}

/// The title of each part with what is below it; before the first, what is
/// below none.
pub fn by_part(items: &[BookItem]) -> impl Iterator<Item = &[BookItem]> {
    items.chunk_by(|_, next| !matches!(next, BookItem::PartTitle(_)))
}

fn pages(
    items: &[BookItem],
    root: &str,
    here: Option<&Path>,
    list: &mut String,
) {
    for item in items {
        let BookItem::Chapter(chapter) = item else {
            continue;
        };
        let Some(path) = &chapter.path else {
            continue;
        };
        let current = match here == Some(path) {
            true => " aria-current=\"page\"",
            false => "",
        };
        *list += &format!("<li><a href=\"{root}{}\"{current}>", address(path));
        escape(list, &chapter.name);
        *list += "</a>";
        if !chapter.sub_items.is_empty() {
            *list += "<ul>";
            pages(&chapter.sub_items, root, here, list);
            *list += "</ul>";
        }
        *list += "</li>";
    }
}

/// Where the page of a file of `docs` is, from the site's root.
pub fn address(path: &Path) -> String {
    let page = path.with_extension("html").display().to_string();
    page.replace('\\', "/")
}

fn escape(html: &mut String, text: &str) {
    // Writing to a String does not fail.
    let _ = escape_html(html, text);
}
