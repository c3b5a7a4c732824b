//! The lecturer's own slides, in Pandoc's Markdown.
//!
//! Nothing of a deck runs in a page: its HTML is shown as text, its links lead
//! to the web or nowhere, and only what is written here becomes elements.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::iter::Peekable;
use std::mem;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use pulldown_cmark::{
    CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag,
    TagEnd, TextMergeStream, html,
};
use pulldown_cmark_escape::{escape_href, escape_html};

use crate::pandoc::{self, Piece};
use crate::site;

/// Stands for the way to the site's root in the HTML of a slide. No Markdown
/// makes this character.
const ROOT: char = '\0';

const TABLE_END: &str = "</div>\n";

/// The slides of a file; without a file there are none.
#[derive(Default)]
pub struct Deck {
    slides: Vec<Slide>,
    /// The figures that they show.
    pub figures: Figures,
}

struct Slide {
    /// Plain text; that of the one before, if it has none.
    title: String,
    /// The title and the body.
    html: String,
}

impl Deck {
    /// Reads a deck. A figure that is not beside it is looked for, by its name,
    /// in the workspace's own folder of figures, which is in every site.
    ///
    /// # Errors
    /// A file that cannot be read, is not text, or has no slides, in a
    /// sentence.
    pub fn read(path: &Path, figures: &Path) -> Result<Deck, String> {
        let shown = path.display();
        let bytes = read_file(path).map_err(|error| {
            format!("Não foi possível ler os diapositivos em {shown}: {error}")
        })?;
        let text = str::from_utf8(&bytes).map_err(|error| {
            let before = &bytes[..error.valid_up_to()];
            let line = before.split(|byte| *byte == b'\n').count();
            format!(
                "{shown} não está em UTF-8 (linha {line}): grave os \
                 diapositivos nessa codificação"
            )
        })?;
        let beside = path.parent().unwrap_or(Path::new(""));
        let deck = Deck::parse(text, Figures::new(beside, figures));
        if deck.titles().iter().all(|title| title.is_empty()) {
            return Err(format!(
                "{shown} não tem diapositivos: cada um começa por um título, \
                 # ou ##"
            ));
        }
        Ok(deck)
    }

    /// The title of each slide as plain text; a slide without one has that of
    /// the one before.
    pub fn titles(&self) -> Vec<&str> {
        self.slides.iter().map(|slide| &*slide.title).collect()
    }

    /// Some of the slides, by their numbers, as HTML for a page from which
    /// `root` is the way to the site's root. Nothing where there are none.
    pub fn show(&self, numbers: &[usize], root: &str) -> String {
        if numbers.is_empty() {
            return String::new();
        }
        let mut html = String::from(
            "<aside id=\"slide\" aria-label=\"Diapositivo\" tabindex=\"0\">\n",
        );
        for number in numbers {
            html += "<article>\n";
            html += &self.slides[*number].html.replace(ROOT, root);
            html += "</article>\n";
        }
        html + "</aside>"
    }

    fn parse(text: &str, mut figures: Figures) -> Deck {
        let text = pandoc::prepare(text);
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_HEADING_ATTRIBUTES
            | Options::ENABLE_DEFINITION_LIST
            | Options::ENABLE_MATH;
        // Attributes may go on in the next line.
        let events = Parser::new_ext(&text, options).map(|event| match event {
            Event::SoftBreak => Event::Text("\n".into()),
            event => event,
        });
        let events = clean(TextMergeStream::new(events), &mut figures);
        let slides = slides(events);
        Deck { slides, figures }
    }
}

/// Reads a file, and not what may never end.
fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.is_file() {
        fs::read(path)
    } else {
        Err(io::Error::other("não é um ficheiro"))
    }
}

/// The figures of a deck.
#[derive(Default)]
pub struct Figures {
    beside: PathBuf,
    shared: PathBuf,
    /// Those that are beside the deck: where each is in the site, and on disk.
    pub found: BTreeMap<String, PathBuf>,
    /// Every path beside the deck where one was looked for.
    pub looked: Vec<PathBuf>,
    /// Those that are nowhere, as the deck calls them.
    pub missing: Vec<String>,
}

impl Figures {
    fn new(beside: &Path, shared: &Path) -> Figures {
        Figures {
            beside: beside.to_path_buf(),
            shared: shared.to_path_buf(),
            ..Figures::default()
        }
    }

    /// Where a figure is in the site.
    fn place(&mut self, link: &str) -> Option<String> {
        let link = percent_decode_str(link).decode_utf8_lossy();
        let path = self.beside.join(&*link);
        let extension = path.extension()?.to_str()?.to_string();
        if !site::content_type(&path)?.starts_with("image/") {
            return None;
        }
        let shared = self.shared.join(path.file_name()?);
        self.looked.push(path.clone());
        if !path.is_file() {
            let name = site::name(&shared);
            return shared.is_file().then(|| format!("figures/{name}"));
        }
        let known = self.found.iter().find(|(_, known)| **known == path);
        if let Some((place, _)) = known {
            return Some(place.clone());
        }
        let number = self.found.len() + 1;
        let place = format!("slides/figure_{number}.{extension}");
        self.found.insert(place.clone(), path);
        Some(place)
    }

    /// A figure as an element; a picture from the web, which no page here
    /// loads, as a link to it.
    fn show(&mut self, link: &str, text: &str) -> String {
        let mut shown = String::new();
        let mut name = String::new();
        // Writing to a String does not fail.
        let _ = escape_html(&mut name, text);
        if let Some(place) = self.place(link) {
            shown = format!("<img src=\"{ROOT}");
            let _ = escape_href(&mut shown, &place);
            shown += &format!("\" alt=\"{name}\">");
        } else if is_web(link) {
            shown += "<a href=\"";
            let _ = escape_href(&mut shown, link);
            shown += &format!("\">{name}</a>");
        } else {
            let _ = escape_html(&mut shown, link);
            shown = format!("<em>(figura em falta: {shown})</em> {name}");
            if !self.missing.iter().any(|missing| missing == link) {
                self.missing.push(link.to_string());
            }
        }
        shown
    }
}

/// What a page may show of a deck, without what is only for Pandoc.
fn clean<'a>(
    events: impl Iterator<Item = Event<'a>>,
    figures: &mut Figures,
) -> Vec<Event<'a>> {
    let mut events = events.peekable();
    let mut shown = Vec::new();
    // Whether the last element may have attributes.
    let mut attributed = false;
    // Whether the link that is open stays one.
    let mut linked = true;
    let mut caption = String::new();
    while let Some(event) = events.next() {
        let after_element = mem::take(&mut attributed);
        match event {
            Event::Text(text) => {
                let length = match after_element {
                    true => pandoc::attributes(&text).unwrap_or(0),
                    false => 0,
                };
                shown.extend(text_events(&text[length..]));
            }
            Event::Code(code) => {
                attributed = true;
                if !is_raw_latex(events.peek()) {
                    shown.push(Event::Code(code));
                }
            }
            Event::InlineMath(code) | Event::DisplayMath(code) => {
                shown.push(Event::Code(code));
            }
            Event::InlineHtml(html) => {
                if !html.starts_with("<!--") {
                    shown.push(Event::Text(html));
                }
            }
            Event::TaskListMarker(done) => {
                let mark = if done { "☒ " } else { "☐ " };
                shown.push(Event::Text(mark.into()));
            }
            Event::FootnoteReference(name) => {
                shown.push(Event::FootnoteReference(footnote(&name)));
            }
            Event::Start(Tag::FootnoteDefinition(name)) => {
                let tag = Tag::FootnoteDefinition(footnote(&name));
                shown.push(Event::Start(tag));
            }
            Event::Start(Tag::HtmlBlock) => {
                let html = text_of(&mut events, TagEnd::HtmlBlock);
                let html = without_comments(&html);
                if !html.trim().is_empty() {
                    shown.extend(code_block("html", html));
                }
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                let code = text_of(&mut events, TagEnd::CodeBlock);
                let info = match &kind {
                    CodeBlockKind::Fenced(info) => info,
                    CodeBlockKind::Indented => "",
                };
                if let Some(language) = pandoc::language(info) {
                    shown.extend(code_block(language, code));
                }
            }
            Event::Start(Tag::Image { dest_url, .. }) => {
                caption = text_of(&mut events, TagEnd::Image);
                let figure = figures.show(&dest_url, &caption);
                shown.push(Event::InlineHtml(figure.into()));
                attributed = true;
            }
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                ..
            }) if link_type != LinkType::Email && !is_web(&dest_url) => {
                linked = false;
            }
            Event::End(TagEnd::Link) => {
                attributed = true;
                if mem::replace(&mut linked, true) {
                    shown.push(Event::End(TagEnd::Link));
                }
            }
            Event::Start(Tag::Heading { level, .. }) => {
                shown.push(Event::Start(Tag::Heading {
                    level,
                    id: None,
                    classes: Vec::new(),
                    attrs: Vec::new(),
                }));
            }
            Event::Start(Tag::Table(alignments)) => {
                if let [before @ .., Event::End(TagEnd::Paragraph)] =
                    &mut *shown
                {
                    table_caption(before);
                }
                let wrapper = "<div class=\"table-wrapper\">";
                shown.push(Event::Html(wrapper.into()));
                shown.push(Event::Start(Tag::Table(alignments)));
            }
            Event::End(TagEnd::Table) => {
                shown.push(Event::End(TagEnd::Table));
                shown.push(Event::Html(TABLE_END.into()));
            }
            Event::End(TagEnd::Paragraph) => {
                end_paragraph(&mut shown, &caption);
            }
            Event::End(end @ TagEnd::BlockQuote(_)) => {
                end_quotation(&mut shown, end);
            }
            event => shown.push(event),
        }
    }
    shown
}

/// A text as it is shown.
fn text_events<'a>(text: &str) -> Vec<Event<'a>> {
    let pieces = pandoc::pieces(text).into_iter();
    let events = pieces.flat_map(|piece| match piece {
        Piece::Plain(text) => vec![Event::Text(text.into())],
        Piece::Below(text) => vec![
            Event::InlineHtml("<sub>".into()),
            Event::Text(text.into()),
            Event::InlineHtml("</sub>".into()),
        ],
        Piece::Above(text) => vec![
            Event::InlineHtml("<sup>".into()),
            Event::Text(text.into()),
            Event::InlineHtml("</sup>".into()),
        ],
    });
    events.collect()
}

/// Ends the last quotation. One that has only a list is for Pandoc a list of
/// which the points come one by one.
fn end_quotation<'a>(shown: &mut Vec<Event<'a>>, end: TagEnd) {
    let is_start =
        |event: &Event| matches!(event, Event::Start(Tag::BlockQuote(_)));
    let start = shown.iter().rposition(is_start).unwrap_or(0);
    let mut depth = 0;
    let lists = shown[start + 1..].iter().filter(|event| {
        let top = depth == 0;
        depth += match event {
            Event::Start(_) => 1,
            Event::End(_) => -1,
            _ => 0,
        };
        top && !matches!(event, Event::Start(Tag::List(_)))
    });
    if lists.count() == 0 {
        shown.remove(start);
    } else {
        shown.push(Event::End(end));
    }
}

/// Where the last paragraph starts.
fn last_paragraph(shown: &[Event]) -> usize {
    let is_start = |event: &Event| *event == Event::Start(Tag::Paragraph);
    shown.iter().rposition(is_start).unwrap_or(0)
}

/// The last paragraph, still without its end, which stands next to a table: if
/// it is a caption, its mark and its attributes go.
fn table_caption(shown: &mut [Event]) {
    let start = last_paragraph(shown);
    let Some(Event::Text(first)) = shown.get_mut(start + 1) else {
        return;
    };
    let Some(words) = pandoc::caption(first) else {
        return;
    };
    *first = words.to_string().into();
    if let Some(Event::Text(last)) = shown.last_mut() {
        *last = pandoc::without_attributes(last).to_string().into();
    }
}

/// Ends the last paragraph: a figure alone gets its caption, and one in which
/// nothing is left goes.
fn end_paragraph(shown: &mut Vec<Event>, caption: &str) {
    let start = last_paragraph(shown);
    if start > 0 && shown[start - 1] == Event::Html(TABLE_END.into()) {
        table_caption(shown);
    }
    // A space that keeps a figure from being alone.
    if let Some(Event::Text(text)) = shown.last_mut()
        && let Some(before) = text.strip_suffix('\\')
    {
        *text = format!("{before}\u{a0}").into();
    }
    let is_blank = |event: &&Event| match event {
        // Pandoc stops at `. . .` while the slide is shown.
        Event::Text(text) => ["", ". . ."].contains(&text.trim_ascii()),
        _ => false,
    };
    let mut rest = shown[start + 1..].iter().filter(|event| !is_blank(event));
    match (rest.next(), rest.next()) {
        (None, _) => shown.truncate(start),
        (Some(Event::InlineHtml(figure)), None)
            if figure.starts_with("<img") =>
        {
            let mut html = format!("<figure>{figure}");
            if !caption.is_empty() {
                html += "<figcaption aria-hidden=\"true\">";
                let _ = escape_html(&mut html, caption);
                html += "</figcaption>";
            }
            html += "</figure>\n";
            shown.truncate(start);
            shown.push(Event::Html(html.into()));
        }
        _ => shown.push(Event::End(TagEnd::Paragraph)),
    }
}

/// The text up to this end, without what is in it.
fn text_of<'a>(
    events: &mut Peekable<impl Iterator<Item = Event<'a>>>,
    end: TagEnd,
) -> String {
    let mut text = String::new();
    let mut depth = 1;
    for event in events {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(found) => {
                depth -= 1;
                if found == end && depth == 0 {
                    break;
                }
            }
            Event::Text(part) | Event::Code(part) | Event::Html(part) => {
                text += &part;
            }
            _ => {}
        }
    }
    text
}

fn is_raw_latex(next: Option<&Event>) -> bool {
    let Some(Event::Text(text)) = next else {
        return false;
    };
    pandoc::attributes(text)
        .is_some_and(|length| pandoc::language(&text[..length]).is_none())
}

fn without_comments(html: &str) -> String {
    let mut parts = html.split("<!--");
    let mut rest = parts.next().unwrap_or_default().to_string();
    for part in parts {
        rest += part.split_once("-->").map_or("", |(_, after)| after);
    }
    rest
}

fn code_block<'a>(language: &str, code: String) -> [Event<'a>; 3] {
    let kind = CodeBlockKind::Fenced(language.to_string().into());
    [
        Event::Start(Tag::CodeBlock(kind)),
        Event::Text(code.into()),
        Event::End(TagEnd::CodeBlock),
    ]
}

/// A footnote's name, which becomes an identifier in a page that has others.
fn footnote<'a>(name: &str) -> CowStr<'a> {
    format!("slide-note-{name}").into()
}

/// Whether a link leads to the web, or to somebody's mail.
fn is_web(link: &str) -> bool {
    let link = link.trim_start().to_ascii_lowercase();
    ["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| link.starts_with(scheme))
}

/// A slide that is being read.
#[derive(Default)]
struct Draft<'a> {
    /// Nothing where only a line separates it from the one before.
    level: Option<HeadingLevel>,
    title: Vec<Event<'a>>,
    body: Vec<Event<'a>>,
}

/// The slides: each begins with a title, or after a line that separates it.
fn slides(events: Vec<Event>) -> Vec<Slide> {
    let mut drafts = vec![Draft::default()];
    let mut depth = 0; // within a list or a quotation, a title is no slide's
    let mut in_title = false;
    for event in events {
        match &event {
            Event::Start(Tag::Heading { level, .. })
                if depth == 0 && *level <= HeadingLevel::H2 =>
            {
                in_title = true;
                drafts.push(Draft {
                    level: Some(*level),
                    ..Draft::default()
                });
                continue;
            }
            Event::End(TagEnd::Heading(_)) if mem::take(&mut in_title) => {
                continue;
            }
            Event::Rule if depth == 0 => {
                drafts.push(Draft::default());
                continue;
            }
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            _ => {}
        }
        let Some(draft) = drafts.last_mut() else {
            continue;
        };
        match in_title {
            true => draft.title.push(event),
            false => draft.body.push(event),
        }
    }

    let mut slides = Vec::new();
    let mut last_title = String::new();
    let mut drafts = drafts.into_iter().peekable();
    while let Some(Draft { level, title, body }) = drafts.next() {
        let next = drafts.peek().and_then(|next| next.level);
        // The title of a section, before its first slide, is no slide.
        let is_slide = match level {
            None => false,
            Some(HeadingLevel::H1) => next != Some(HeadingLevel::H2),
            Some(_) => true,
        };
        if body.is_empty() && !is_slide {
            continue;
        }
        let words: String = title.iter().filter_map(text).collect();
        if level.is_some() && !words.trim().is_empty() {
            last_title = words.trim().to_string();
        }
        let mut html = String::from("<h2>");
        html::push_html(&mut html, title.into_iter());
        html += "</h2>\n";
        if html == "<h2></h2>\n" {
            html.clear();
        }
        html::push_html(&mut html, body.into_iter());
        slides.push(Slide {
            title: last_title.clone(),
            html,
        });
    }
    slides
}

fn text<'e>(event: &'e Event) -> Option<&'e str> {
    match event {
        Event::Text(text) | Event::Code(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The slides of a deck beside which there is only `a.svg`, in a workspace
    /// that has only `shared.svg`.
    fn parse(text: &str) -> Deck {
        let folder = tempfile::tempdir().expect("a folder");
        let figures = folder.path().join("figures");
        fs::create_dir(&figures).expect("a folder");
        for figure in [folder.path().join("a.svg"), figures.join("shared.svg")]
        {
            fs::write(figure, "<svg/>").expect("a figure");
        }
        Deck::parse(text, Figures::new(folder.path(), &figures))
    }

    /// The HTML of a deck's only slide, without its title.
    fn body(text: &str) -> String {
        let deck = parse(&format!("## T\n\n{text}\n"));
        assert_eq!(deck.titles(), ["T"], "{text}");
        let html = deck.slides[0].html.replace(ROOT, "");
        let body = html.strip_prefix("<h2>T</h2>\n");
        body.expect("the title first").trim_end().to_string()
    }

    #[test]
    fn where_a_slide_begins() {
        for (text, expected) in [
            ("# A\n\n## A\n\nx\n\n## B\n\ny\n", &["A", "B"][..]),
            ("# A\n\nx\n\n## B\n", &["A", "B"]),
            ("# A\n\n# B\n", &["A", "B"]),
            ("## A\n\n### Bloco\n\nx\n", &["A"]),
            ("## A\n\nx\n\n---\n\ny\n", &["A", "A"]),
            ("A\n-\n\nx\n", &["A"]),
            ("x\n\n## A\n", &["", "A"]),
            ("> ## Citado\n\n## A\n", &["", "A"]),
            ("---\ntitle: X\n---\n\n## A\n", &["A"]),
            ("---\ntitle: X\n...\n# A\n", &["A"]),
            ("\u{feff}---\r\na: b\r\n---\r\n## A\r\n\r\nx\r\n", &["A"]),
            ("---\n\n## A\n\nx\n", &["A"]),
            ("---\n\n## A\n\n---\n\n## B\n", &["A", "B"]),
            ("% Aula\n% Autor\n\n## A\n", &["A"]),
            ("", &[]),
            ("---\ntitle: X\n---\n", &[]),
        ] {
            assert_eq!(parse(text).titles(), expected, "{text:?}");
        }
    }

    #[test]
    fn titles_are_plain() {
        let deck = parse(
            "## 🚀 O `a` é *b* {.allowframebreaks}\n\n## C {-}\n\n\
             ## D {#id .x key=\"v w\"}\n",
        );
        assert_eq!(deck.titles(), ["🚀 O a é b", "C", "D"]);
        let html = &deck.slides[0].html;
        assert_eq!(html, "<h2>🚀 O <code>a</code> é <em>b</em></h2>\n");
    }

    #[test]
    fn only_for_pandoc() {
        for (text, expected) in [
            ("a <!-- b --> c", "<p>a  c</p>"),
            ("<!--\n\n::: notes\n\n# b\n\n-->\n\nc", "<p>c</p>"),
            (". . .\n\na", "<p>a</p>"),
            ("a\n\n\\pause\n\nb", "<p>a</p>\n<p>b</p>"),
            ("\\centering a \\vspace{1em} b", "<p>a  b</p>"),
            ("\\note{x\n\ny {z}\n}\nb", "<p>b</p>"),
            ("\\begin{center}\nx\n\n\\end{center}\n\nb", "<p>b</p>"),
            ("\\begin{esquecido}\n\nb", "<p>b</p>"),
            ("Sim\\! 1 \\* 2 \\> 1", "<p>Sim! 1 * 2 &gt; 1</p>"),
            ("`\\d{2}` `\\x`{=latex}", "<p><code>\\d{2}</code> </p>"),
            ("```{=latex}\nx\n```\n\nb", "<p>b</p>"),
            (
                "[a]{.smallcaps} {b} `c`{.rs}",
                "<p>a {b} <code>c</code></p>",
            ),
            ("::: {.columns}\n:::: column\na\n::::\n:::", "<p>a</p>"),
            (
                "a\n\n::: notes\nb\n\n```\n:::\n```\n:::\n\nc",
                "<p>a</p>\n<p>c</p>",
            ),
            ("::: {.notes}\n::: x\na\n:::\nb\n:::\n\nc", "<p>c</p>"),
            ("<div class=\"notes\">\na\n\nb\n</div>\n\nc", "<p>c</p>"),
            ("<aside class='big notes'>a</aside>\n\nc", "<p>c</p>"),
        ] {
            assert_eq!(body(text), expected, "{text:?}");
        }
    }

    #[test]
    fn notes_that_are_not_closed_end_with_the_slide() {
        let deck = parse("## A\n\n::: notes\n\nsegredo\n\n## B\n\nx\n");
        assert_eq!(deck.titles(), ["A", "B"]);
        assert!(!deck.show(&[0, 1], "").contains("segredo"));
        assert!(deck.show(&[1], "").contains("<p>x</p>"));
    }

    #[test]
    fn what_a_slide_shows() {
        for (text, expected) in [
            (
                "```python\n# Um\n:::\n\\pause\n#. x\n```",
                "<pre><code class=\"language-python\"># Um\n:::\n\\pause\n#. x\n\
                 </code></pre>",
            ),
            (
                "~~~ {#x .json .numberLines startFrom=\"3\"}\n{}\n~~~",
                "<pre><code class=\"language-json\">{}\n</code></pre>",
            ),
            (
                "    <b>\n    \\pause",
                "<pre><code class=\"language-plaintext\">&lt;b&gt;\n\
                 \\pause\n</code></pre>",
            ),
            (
                "1.  a\n2.  b\n\n<!-- end list -->\n\n3.  c",
                "<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n\
                 <ol start=\"3\">\n<li>c</li>\n</ol>",
            ),
            (
                "  * a\n      * b",
                "<ul>\n<li>a\n<ul>\n<li>b</li>\n</ul>\n</li>\n</ul>",
            ),
            (
                "> a **b**",
                "<blockquote>\n<p>a <strong>b</strong></p>\n</blockquote>",
            ),
            ("> - a", "<ul>\n<li>a</li>\n</ul>"),
            ("#. a\n#. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>"),
            (
                "2^16^ e H~2~O, ~ 1 ^ 2^[nota]",
                "<p>2<sup>16</sup> e H<sub>2</sub>O, ~ 1 ^ 2 (nota)</p>",
            ),
            ("$x_i$", "<p><code>x_i</code></p>"),
            (
                "\\textbf{a} \\textcolor{red}{b}\\ c\\vspace{1em}",
                "<p>a b\u{a0}c</p>",
            ),
            (
                "![t](a.svg)\\ ",
                "<p><img src=\"slides/figure_1.svg\" alt=\"t\">\u{a0}</p>",
            ),
            ("### B {.alert}\n\na", "<h3>B</h3>\n<p>a</p>"),
            ("- [x] a", "<ul>\n<li>☒ a</li>\n</ul>"),
            (
                "+---+---+\n| a | b |\n+---+---+",
                "<pre><code class=\"language-plaintext\">\
                 +---+---+\n| a | b |\n+---+---+\n</code></pre>",
            ),
        ] {
            assert_eq!(body(text), expected, "{text:?}");
        }
        let table = body("| A | B |\n| :- | -: |\n| `x` | 1 |");
        assert!(table.contains("<code>x</code></td>"), "{table}");
        assert!(table.starts_with("<div class=\"table-wrapper\"><table>"));

        let table = "| A |\n|---|";
        for (text, expected) in [
            (
                format!("Table: a `x` {{e}} b {{#t}}\n\n{table}"),
                "<p>a <code>x</code> {e} b</p>\n",
            ),
            (
                format!("{table}\n\n: Um *a* {{#tbl:t .x}}"),
                "<p>Um <em>a</em></p>",
            ),
            (": a, sem tabela".to_string(), "<p>: a, sem tabela</p>"),
        ] {
            let shown = body(&text);
            assert!(shown.contains(expected), "{shown}");
        }
    }

    const ELEMENTS: &str = "a article aside blockquote br code dd del div dl \
        dt em figcaption figure h1 h2 h3 h4 h5 h6 hr img li ol p pre strong sub \
        sup table tbody td th thead tr ul";
    const ATTRIBUTES: &str = "alt aria-hidden aria-label class href id src \
        start style tabindex title";

    /// Only the elements and attributes that are written here.
    fn assert_harmless(text: &str, html: &str) {
        let has = |names: &str, name| names.split(' ').any(|one| one == name);
        for tag in html.split('<').skip(1) {
            let (tag, _) = tag.split_once('>').expect("the tag's end");
            let tag = tag.trim_start_matches('/').trim_end_matches(" /");
            let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
            assert!(has(ELEMENTS, name), "{name} in {html:?} of {text:?}");
            while let Some((name, after)) = rest.trim_start().split_once("=\"")
            {
                let (value, after) = after.split_once('"').expect("its end");
                rest = after;
                assert!(has(ATTRIBUTES, name), "{html:?} of {text:?}");
                let value = value.trim_start().to_lowercase();
                for scheme in ["javascript:", "vbscript:", "data:"] {
                    assert!(!value.starts_with(scheme), "{html:?} of {text:?}");
                }
                let outside = name == "src" && value.contains("//");
                assert!(!outside, "{html:?} of {text:?}");
            }
            assert_eq!(rest, "", "{html:?} of {text:?}");
        }
    }

    /// Whatever the pieces of a deck, and in whatever order.
    #[test]
    fn nothing_runs_in_any_deck() {
        let pieces = [
            "\n",
            "\n\n",
            " ",
            "## ",
            "# ",
            "---\n",
            "```",
            "```{=html}\n",
            "~~~ {.x}\n",
            "<script>alert(1)</script>",
            "<!--",
            "-->",
            "<img src=x onerror=alert(1)>",
            "<div class=\"notes\">",
            "</div>",
            "::: notes\n",
            ":::\n",
            "[a](javascript:alert(1))",
            "![",
            "](",
            "a.svg",
            ")",
            "[",
            "]",
            "{",
            "}",
            "{onclick=alert(1)}",
            "\"",
            "' onload='x",
            "> ",
            "- ",
            "1. ",
            "| a | b |\n|--|--|\n",
            "^[",
            "^",
            "~",
            "$",
            "$$\n",
            "\\",
            "\\begin{x}\n",
            "\\end{x}\n",
            "\\a{",
            "\\textbf{",
            "\\ ",
            "Table: ",
            "`",
            "[^1]",
            "[^1]: ",
            "&lt;",
            "&#106;avascript:",
            "*",
            "_",
            "\0",
            "é",
            "    ",
            "<javascript:alert(1)>",
            "[1]: data:text/html,x\n",
            "[1]",
            "<a href=javascript:x>",
            "+--+\n",
            "-- --\n",
            "#. ",
            ": ",
            "🚀",
        ];
        let mut random: u64 = 2026;
        for _ in 0..3000 {
            let mut text = String::new();
            for _ in 0..30 {
                // The multiplier of Knuth's MMIX.
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                text += pieces[(random >> 33) as usize % pieces.len()];
            }
            let nowhere = Path::new("");
            let deck = Deck::parse(&text, Figures::new(nowhere, nowhere));
            let all: Vec<usize> = (0..deck.slides.len()).collect();
            assert_harmless(&text, &deck.show(&all, ""));
        }
    }

    #[test]
    fn nothing_of_a_deck_runs() {
        for text in [
            "<script>alert(1)</script>",
            "a <img src=x onerror=alert(1)> b",
            "<div onclick=\"alert(1)\">\n\na\n\n</div>",
            "[a](javascript:alert(1)) <javascript:alert(1)>",
            "[a](  JaVaScRiPt:alert(1)) [b](data:text/html,x) [c](vbscript:x)",
            "![a\" onload=\"alert(1)](a.svg)",
            "![<script>](http://example.org/a.png)",
            "![a](\"><script>alert(1)</script>.svg)",
            "```\"><script>\na\n```",
            "```{=html}\n<script>alert(1)</script>\n```",
            "x[^\"><script>]\n\n[^\"><script>]: <script>alert(1)</script>",
            "| <script> |\n|---|\n| <b onclick=x> |",
        ] {
            assert_harmless(text, &body(text));
        }
        // What is not run is still read.
        let html = body("a <b onclick=x> b\n\n<script>alert(1)</script>");
        assert!(html.contains("a &lt;b onclick=x&gt; b"), "{html}");
        assert!(html.contains("&lt;script&gt;alert(1)"), "{html}");
    }

    #[test]
    fn figures_beside_the_deck_or_of_the_workspace() {
        assert_eq!(
            body("![Um *a*](a.svg){\n width=33% }"),
            "<figure><img src=\"slides/figure_1.svg\" alt=\"Um a\">\
             <figcaption aria-hidden=\"true\">Um a</figcaption></figure>"
        );
        assert_eq!(
            body("![](x/shared.svg) ![](x/shared.svg)"),
            "<p><img src=\"figures/shared.svg\" alt=\"\"> \
             <img src=\"figures/shared.svg\" alt=\"\"></p>"
        );
        let deck = parse("## A\n\n![n](none.svg) ![s](/etc/passwd)\n");
        assert_eq!(deck.figures.missing, ["none.svg", "/etc/passwd"]);
        let page = deck.show(&[0], "../");
        assert!(page.contains("(figura em falta: none.svg)"), "{page}");

        let deck = parse("## A\n\n![a](a.svg)\n\n## B\n\n![a](./a%2Esvg)\n");
        let both = deck.show(&[0, 1], "../");
        let count = both.matches("src=\"../slides/figure_1.svg\"").count();
        assert_eq!(count, 2, "{both}");
    }
}
