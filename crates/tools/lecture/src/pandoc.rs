//! What Pandoc's Markdown has and CommonMark does not: understood where a slide
//! needs it, and taken away where it is not for the reader.
//!
//! See <https://pandoc.org/MANUAL.html>, «Pandoc's Markdown» and «Slide shows».

use std::borrow::Cow;
use std::mem;

/// The Markdown of a deck without its YAML header, the speaker's notes, the
/// fences of its divs and its blocks of LaTeX, and with its drawn tables as
/// they are drawn.
pub fn prepare(deck: &str) -> String {
    let lines: Vec<&str> = body(deck).lines().collect();
    let mut text = String::new();
    let mut fence = None;
    let mut comment = false;
    let mut divs = Divs::default();
    let mut line = 0;
    while line < lines.len() {
        let current = lines[line];
        let rest = &lines[line..];
        let verbatim = fence.is_some() || comment;
        let blank_before = line == 0 || lines[line - 1].trim().is_empty();
        line += 1;

        if verbatim {
            fence = fence.filter(|fence| !closes(current, *fence));
            comment = comment && !current.contains("-->");
        } else if let Some(opened) = opens(current) {
            fence = Some(opened);
        } else if current.trim_start().starts_with("<!--") {
            comment = !current.contains("-->");
        } else if divs.reads(current) {
            // An empty line: what is around it does not become one paragraph.
            text.push('\n');
            continue;
        } else if divs.in_notes() {
            // Below.
        } else if let Some((count, after)) = latex_block(rest) {
            line += count - 1;
            text += after;
            text.push('\n');
            continue;
        } else if blank_before && let Some(count) = drawn_table(rest) {
            line += count - 1;
            let table = rest[..count].join("\n");
            text += &format!("`````\n{table}\n`````\n");
            continue;
        }
        match (divs.in_notes(), verbatim) {
            (true, _) => {}
            (_, true) => text += current,
            (_, false) => text += &numbered(current),
        }
        text.push('\n');
    }
    text.replace('\0', "\u{fffd}")
}

/// An item of a list that Pandoc numbers, `#.` or `(@)`, as CommonMark has it.
fn numbered(line: &str) -> Cow<'_, str> {
    let item = line.trim_start();
    let indent = &line[..line.len() - item.len()];
    for mark in ["#. ", "(@) "] {
        if let Some(text) = item.strip_prefix(mark) {
            return format!("{indent}1. {text}").into();
        }
    }
    line.into()
}

/// What follows the YAML header, or the lines with `%` that may stand for it.
fn body(deck: &str) -> &str {
    let mut deck = deck.trim_start_matches('\u{feff}');
    while deck.starts_with('%') {
        deck = deck.split_once('\n').map_or("", |(_, rest)| rest);
    }
    let mut length = 0;
    for (number, line) in deck.split_inclusive('\n').enumerate() {
        length += line.len();
        match (number, line.trim_end()) {
            (0, "---") => {}
            // A line that separates two slides, and no header.
            (0, _) | (1, "") => return deck,
            (_, "---" | "...") => return &deck[length..],
            _ => {}
        }
    }
    deck
}

/// The character and the length of the fence that opens a block of code or of
/// mathematics here.
fn opens(line: &str) -> Option<(char, usize)> {
    let line = line.trim_start();
    if line.trim_end() == "$$" {
        return Some(('$', 2));
    }
    let character = line.chars().next().filter(|c| ['`', '~'].contains(c))?;
    let rest = line.trim_start_matches(character);
    let length = line.len() - rest.len();
    // Three backticks may also be around code within a line.
    let is_fence = length >= 3 && (character == '~' || !rest.contains('`'));
    is_fence.then_some((character, length))
}

fn closes(line: &str, (character, length): (char, usize)) -> bool {
    let line = line.trim();
    line.len() >= length && line.chars().all(|c| c == character)
}

/// The divs that are open: `::: {.columns}`, and also `<div class="notes">`.
#[derive(Default)]
struct Divs {
    open: Vec<Div>,
}

#[derive(PartialEq)]
enum Div {
    Plain,
    Notes,
    /// Notes that end with this tag.
    HtmlNotes(&'static str),
}

impl Divs {
    fn in_notes(&self) -> bool {
        self.open.iter().any(|div| *div != Div::Plain)
    }

    /// Whether the line only opens or closes one.
    fn reads(&mut self, line: &str) -> bool {
        let line = line.trim();
        if let Some(Div::HtmlNotes(end)) = self.open.last() {
            if line.ends_with(end) {
                self.open.pop();
                return true;
            }
        } else if let Some(end) = html_notes(line) {
            if !line.ends_with(end) {
                self.open.push(Div::HtmlNotes(end));
            }
            return true;
        } else if let Some(words) = line.strip_prefix(":::") {
            let words = words.trim_matches(':').trim();
            let is_notes = words
                .trim_matches(['{', '}'])
                .split_whitespace()
                .any(|word| word.trim_start_matches('.') == "notes");
            match (words, is_notes) {
                ("", _) => drop(self.open.pop()),
                (_, true) => self.open.push(Div::Notes),
                (_, false) => self.open.push(Div::Plain),
            }
            return true;
        }
        // Notes that nobody closed do not swallow the next slide.
        if line.starts_with("# ") || line.starts_with("## ") {
            self.open.clear();
        }
        false
    }
}

/// How the notes end that open here, in HTML.
fn html_notes(line: &str) -> Option<&'static str> {
    let (tag, end) = [("<div", "</div>"), ("<aside", "</aside>")]
        .into_iter()
        .find(|(tag, _)| line.starts_with(tag))?;
    let class = line[tag.len()..]
        .split('>')
        .next()?
        .split("class=")
        .nth(1)?;
    let quoted = class.split(['"', '\'']).nth(1)?;
    quoted.split(' ').any(|name| name == "notes").then_some(end)
}

/// A block of LaTeX at the first of these lines: how many lines it has, and
/// what follows it on the last.
fn latex_block<'a>(lines: &[&'a str]) -> Option<(usize, &'a str)> {
    let first = lines[0].trim_start();
    if lines[0].len() - first.len() > 3 {
        return None; // an indented block of code
    }
    // A block does not go on into the next slide.
    let slide = |line: &&&str| !line.starts_with('#');
    if let Some(name) = first.strip_prefix("\\begin{") {
        let name = &name[..=name.find('}')?];
        let end = format!("\\end{{{name}");
        let last = lines
            .iter()
            .take_while(slide)
            .position(|line| line.trim_end().ends_with(&end));
        return last.map(|last| (last + 1, ""));
    }
    // One line is enough, unless a brace stays open.
    let mut block = String::new();
    for (count, line) in lines.iter().take_while(slide).enumerate() {
        block += if count == 0 { first } else { line };
        block.push('\n');
        if let Some(length) = latex(&block) {
            if words_in(&block[..length]).is_some() {
                return None; // the beginning of a paragraph
            }
            let after = block.len() - length;
            return Some((count + 1, &line[line.len() + 1 - after..]));
        } else if !first.starts_with('\\') {
            return None;
        }
    }
    None
}

/// The length in bytes of the LaTeX command that a text begins with, with its
/// arguments: `\vspace{1em}`.
pub fn latex(text: &str) -> Option<usize> {
    let name = text.strip_prefix('\\')?;
    let rest = name.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    if rest.len() == name.len() {
        return None; // an escaped character
    }
    let mut rest = rest.strip_prefix('*').unwrap_or(rest);
    while let Some(first) = rest.chars().next() {
        let close = match first {
            '{' => '}',
            '[' => ']',
            _ => break,
        };
        let mut depth = 0;
        let end = rest.find(|c| {
            depth += i32::from(c == first) - i32::from(c == close);
            depth == 0
        })?;
        rest = &rest[end + 1..];
    }
    Some(text.len() - rest.len())
}

/// How many of these lines are a table that is drawn, which only Pandoc reads:
/// with lines around its cells, or a line of dashes above each column.
fn drawn_table(lines: &[&str]) -> Option<usize> {
    let border = |line: &str| {
        line.len() > 2
            && line.starts_with('+')
            && line.ends_with('+')
            && line.chars().all(|c| "+-=:".contains(c))
    };
    let ruler = |line: &str| {
        line.split_whitespace().count() > 1
            && line.chars().all(|c| "- ".contains(c))
            && line.contains("--")
    };
    let count = lines
        .iter()
        .take_while(|line| !line.trim().is_empty())
        .count();
    let drawn = border(lines[0].trim())
        || lines[..count].iter().take(2).any(|line| ruler(line.trim()));
    (drawn && count > 2).then_some(count)
}

/// The length in bytes of the attributes that a text begins with:
/// `{ width=33% }`, `{.python #id key="a value"}`.
pub fn attributes(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('{')?;
    let mut quoted = false;
    let end = inside.find(|c| {
        quoted ^= c == '"';
        c == '}' && !quoted
    })?;
    let mut words = 0;
    for word in words_of(&inside[..end]) {
        words += 1;
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let name = key.trim_start_matches(['.', '#']);
        let is_name =
            |c: char| c.is_alphanumeric() || ['-', '_', ':', '.'].contains(&c);
        let named = !name.is_empty() && name.chars().all(is_name);
        let valid = match name.len() == key.len() {
            true => word == "-" || named && !value.is_empty(),
            false => named && value.is_empty(),
        };
        if !valid && word != format!("={value}") {
            return None;
        }
    }
    (words > 0).then_some(end + 2)
}

/// The words between spaces, of which those in quotation marks are none.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c: char| {
        quoted ^= c == '"';
        c.is_whitespace() && !quoted
    })
    .filter(|word| !word.is_empty())
}

/// A piece of text.
#[derive(Debug, PartialEq)]
pub enum Piece {
    Plain(String),
    /// `~2~`.
    Below(String),
    /// `^16^`.
    Above(String),
}

/// A text without commands of LaTeX, other than the words that they set in
/// another face, and without the marks of its spans, `[text]{.class}`; a note
/// within the line, `^[text]`, in parentheses.
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if let Some(length) = latex(rest) {
            let command = &rest[..length];
            rest = &rest[length..];
            if let Some(words) = words_in(command) {
                pieces.push(Piece::Plain(mem::take(&mut plain)));
                pieces.extend(self::pieces(words));
            }
        } else if let Some(after) = rest.strip_prefix("\\ ") {
            plain.push('\u{a0}');
            rest = after;
        } else if let Some(after) = rest.strip_prefix(']')
            && let Some(length) = attributes(after)
            && let Some(start) = plain.rfind('[')
        {
            plain.remove(start);
            rest = &after[length..];
        } else if let Some(after) = rest.strip_prefix("^[")
            && let Some((note, after)) = after.split_once(']')
        {
            plain += &format!(" ({note})");
            rest = after;
        } else if let Some((word, after)) = between(rest, next)
            && ['~', '^'].contains(&next)
        {
            pieces.push(Piece::Plain(mem::take(&mut plain)));
            let word = word.to_string();
            pieces.push(match next {
                '~' => Piece::Below(word),
                _ => Piece::Above(word),
            });
            rest = after;
        } else {
            plain.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    pieces.push(Piece::Plain(plain));
    pieces
}

/// The words that a command of LaTeX sets in another face: `\textbf{…}`,
/// `\alert{…}`, `\textcolor{red}{…}`.
fn words_in(command: &str) -> Option<&str> {
    let (name, rest) = command[1..].split_once('{')?;
    let known = ["alert", "emph", "structure", "underline"];
    let sets_words = name.starts_with("text") || known.contains(&name);
    let last = rest.split("}{").last()?.strip_suffix('}')?;
    sets_words.then_some(last)
}

/// What follows the mark of a table's caption: `: Words`, `Table: Words`.
pub fn caption(text: &str) -> Option<&str> {
    let marks = [": ", "Table: ", "table: "];
    marks.iter().find_map(|mark| text.strip_prefix(mark))
}

/// A text without the attributes that it ends with.
pub fn without_attributes(text: &str) -> &str {
    let start = text.rfind('{').unwrap_or(text.len());
    match attributes(&text[start..]) == Some(text.len() - start) {
        true => text[..start].trim_end(),
        false => text,
    }
}

/// The word between the mark that a text begins with and the next one, and
/// what follows it.
fn between(text: &str, mark: char) -> Option<(&str, &str)> {
    let (word, after) = text.strip_prefix(mark)?.split_once(mark)?;
    let is_word = !word.is_empty() && !word.contains(char::is_whitespace);
    is_word.then_some((word, after))
}

/// The language of a block of code: `python`, `{.python .numberLines}`.
/// Nothing if it is LaTeX for the printed slides and not code.
pub fn language(info: &str) -> Option<&str> {
    let mut words = info
        .split(|c: char| c.is_whitespace() || "{},".contains(c))
        .filter(|word| !word.is_empty() && !word.starts_with('#'));
    match words.next() {
        Some("=latex" | "=tex" | "=beamer") => None,
        Some(word) => match word.split_once('=') {
            None => Some(word.trim_start_matches('.')),
            Some(("", format)) => Some(format),
            Some(_) => Some("plaintext"),
        },
        None => Some("plaintext"),
    }
}
