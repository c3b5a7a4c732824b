//! A lesson's source as the two columns of its page.

use std::fmt::Write;
use std::mem;

/// A file of a lesson, split into what its page shows.
#[derive(Debug, PartialEq)]
pub struct Lesson {
    /// The `//!` lines: the head of the page, in Markdown.
    pub header: String,
    /// The rest, from top to bottom.
    rows: Vec<Row>,
}

/// A comment, and the code from there to the next comment.
#[derive(Debug, PartialEq)]
struct Row {
    /// The left column, in Markdown; empty where the program begins with code.
    comment: String,
    /// The right column.
    code: String,
    /// The code's language, by the name that highlight.js gives it.
    language: &'static str,
}

impl Row {
    fn new(language: &'static str) -> Row {
        Row {
            comment: String::new(),
            code: String::new(),
            language,
        }
    }
}

impl Lesson {
    /// Splits a Rust program or, by its path, a page in HTML.
    pub fn parse(path: &str, source: &str) -> Lesson {
        let (header, body): (Vec<&str>, Vec<&str>) =
            source.lines().partition(|line| line.starts_with("//!"));
        let header = header
            .iter()
            .map(|line| line.trim_start_matches("//!"))
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .fold(String::new(), |text, line| text + line + "\n");

        let mut rows = Vec::new();
        let language = if path.ends_with(".html") {
            "html"
        } else {
            "rs"
        };
        let mut row = Row::new(language);
        for line in body {
            if let Some(text) = comment(line) {
                if !row.code.is_empty() {
                    let language = match row.language {
                        "html" if row.code.contains("<script>") => "js",
                        language => language,
                    };
                    rows.push(mem::replace(&mut row, Row::new(language)));
                }
                row.comment += text;
                row.comment.push('\n');
            } else if line.is_empty() && row.code.is_empty() {
                row.comment.push('\n');
            } else {
                row.code += line;
                row.code.push('\n');
            }
        }
        rows.push(row);
        Lesson { header, rows }
    }

    /// The rows as Markdown that puts them side by side, below the path of the
    /// file that they come from.
    pub fn columns(&self, path: &str) -> String {
        // On a narrow screen a path goes on in the next line after a folder.
        let path = path.replace('/', "/<wbr>");
        let mut page = format!(
            "<div class=\"program\">\n\
             <p class=\"file\"><span>{path}</span></p>\n"
        );
        for Row {
            comment,
            code,
            language,
        } in &self.rows
        {
            let (imports, code) = imports(code);
            let _ = write!(
                page,
                "<div class=\"row\">\n\
                 <div class=\"why\">\n\n{comment}\n</div>\n\
                 <div class=\"code\">\n\n{}{}</div>\n\
                 </div>\n",
                folded(imports, language),
                block(code, language)
            );
        }
        page.push_str("</div>\n");
        page
    }
}

/// A block of code in Markdown; nothing without code.
fn block(code: &str, language: &str) -> String {
    match code {
        "" => String::new(),
        code => format!("`````{language}\n{code}`````\n\n"),
    }
}

/// Imports that take more than a line, in one line that opens.
fn folded(imports: &str, language: &str) -> String {
    let count = imports
        .lines()
        .filter(|line| line.starts_with("use "))
        .count();
    let code = block(imports, language);
    match count {
        0 | 1 => code,
        _ => format!(
            "<details>\n<summary>{count} importações</summary>\n\n\
             {code}</details>\n\n"
        ),
    }
}

/// Divides code after the imports that it begins with, and the empty line
/// below them.
fn imports(code: &str) -> (&str, &str) {
    let mut length = 0;
    let mut open = false;
    for line in code.split_inclusive('\n') {
        open = open || line.starts_with("use ");
        let below = length > 0 && line.trim().is_empty();
        if !open && !below {
            break;
        }
        open = open && !line.trim_end().ends_with(';');
        length += line.len();
    }
    code.split_at(length)
}

/// The text of a line that is nothing but a comment.
fn comment(line: &str) -> Option<&str> {
    let line = line.trim();
    if let Some(text) = line.strip_prefix("<!-- ") {
        return text.strip_suffix(" -->");
    }
    let text = line.strip_prefix("//")?;
    let text = text.strip_prefix('/').unwrap_or(text);
    Some(text.strip_prefix(' ').unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "\
//! # Título
//!
//! Texto.

use std::env;

/// O maior.
const MAX: usize = 1;

fn main() {
    // Porquê,
    // em duas linhas.
    //
    // E outro parágrafo.
    run(\"// não\"); // fica no código

    // Outra razão.
    end();
}
";

    #[test]
    fn comments_and_code_alternate() {
        let lesson = Lesson::parse("main.rs", SOURCE);
        assert_eq!(lesson.header, "# Título\n\nTexto.\n");
        let rows: Vec<(&str, &str)> = lesson
            .rows
            .iter()
            .map(|row| (row.comment.trim(), row.code.as_str()))
            .collect();
        assert_eq!(
            rows,
            [
                ("", "use std::env;\n\n"),
                ("O maior.", "const MAX: usize = 1;\n\nfn main() {\n"),
                (
                    "Porquê,\nem duas linhas.\n\nE outro parágrafo.",
                    "    run(\"// não\"); // fica no código\n\n"
                ),
                ("Outra razão.", "    end();\n}\n"),
            ]
        );
    }

    #[test]
    fn imports_fold_into_one_line() {
        let page = |source: &str| Lesson::parse("main.rs", source).columns("");
        let source = "use std::env;\nuse std::{\n    io,\n    net,\n};\n\n\
                      use tokio::net;\n\nconst A: u8 = 1;\n";
        let folded = page(source);
        let (imports, rest) = folded.split_once("</details>").expect("folded");
        assert!(imports.contains("<summary>3 importações</summary>"));
        for import in ["use std::env;", "    net,\n};", "use tokio::net;"] {
            assert!(imports.contains(import), "{import}: {imports}");
        }
        assert!(rest.contains("`````rs\nconst A: u8 = 1;\n"), "{rest}");
        assert!(!rest.contains("use "), "{rest}");

        // One line needs no fold, and neither does one within a function.
        for source in
            ["use std::env;\n", "fn f() {\n    use a;\n    use b;\n}\n"]
        {
            assert!(!page(source).contains("details"), "{source}");
        }
    }

    #[test]
    fn a_page_of_html_has_a_script() {
        let page = "<p>\n<!-- Um. -->\n<script>\na();\n// Dois.\nb();\n";
        let lesson = Lesson::parse("chat.html", page);
        let rows: Vec<(&str, &str, &str)> = lesson
            .rows
            .iter()
            .map(|row| (row.comment.trim(), row.code.as_str(), row.language))
            .collect();
        assert_eq!(
            rows,
            [
                ("", "<p>\n", "html"),
                ("Um.", "<script>\na();\n", "html"),
                ("Dois.", "b();\n", "js"),
            ]
        );
    }

    #[test]
    fn no_line_of_code_is_lost() {
        let lesson = Lesson::parse("main.rs", SOURCE);
        let code: String =
            lesson.rows.iter().map(|row| row.code.as_str()).collect();
        let expected: String = SOURCE
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .skip_while(|line| line.is_empty())
            .fold(String::new(), |text, line| text + line + "\n");
        assert_eq!(code, expected);
    }
}
