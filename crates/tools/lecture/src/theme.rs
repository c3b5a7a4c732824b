//! What gives the pages their look: carried in the program, so that it needs
//! no folder of its own when it runs.

/// mdBook's settings.
pub const SETTINGS: &str = include_str!("../book.toml");

/// The template of every page.
pub const PAGE: &str = include_str!("../theme/index.hbs");

/// Each file that a page loads, by its path from the site's root. They stand
/// in the place of mdBook's own where there is one of the same name.
pub const FILES: [(&str, &str); 8] = [
    ("book.js", include_str!("../theme/book.js")),
    ("css/general.css", include_str!("../theme/css/general.css")),
    ("css/print.css", include_str!("../theme/css/print.css")),
    ("css/slides.css", include_str!("../theme/css/slides.css")),
    ("first.js", include_str!("../theme/first.js")),
    ("highlight.css", include_str!("../theme/highlight.css")),
    ("pages.js", include_str!("../theme/pages.js")),
    ("slides.js", include_str!("../theme/slides.js")),
];
