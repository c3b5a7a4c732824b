//! Every sentence that a failure can say stands in a stored transcript, or in
//! what a test expects.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

/// What a source says, and what its tests expect.
#[derive(Default)]
struct Said {
    sentences: Vec<String>,
    expected: Vec<String>,
}

/// The text between a literal's quotation marks, with one space between its
/// words; `None` where it is no string.
fn text(literal: &str) -> Option<String> {
    let text = literal.strip_prefix('"')?.strip_suffix('"')?;
    let text = text.replace("\\\n", " ").replace("\\\"", "\"");
    Some(words(&text.replace("\\\\", "\\")))
}

fn words(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

impl Said {
    /// Takes the strings out of these tokens: those that say what happened, or
    /// why, and those that end like a sentence; but not what is for who has no
    /// failure, or for the steps before it.
    fn takes(&mut self, tokens: TokenStream, is_what: bool) {
        // The words since the last group of tokens.
        let mut before: Vec<String> = Vec::new();
        let mut in_statement = false;
        for token in tokens {
            let is_what = is_what || in_statement;
            let after = |words: &str| before.join(" ").ends_with(words);
            match &token {
                TokenTree::Group(group) if after("mod tests") => {
                    self.expects(group.stream());
                }
                TokenTree::Group(_)
                    if ["did", "not_run", "#", "# !", "hints : &"]
                        .into_iter()
                        .any(after) => {}
                TokenTree::Group(group) => {
                    let fails = after("Failure : : new") || after("because");
                    self.takes(group.stream(), is_what || fails);
                }
                token => {
                    let word = token.to_string();
                    let text = text(&word).unwrap_or_default();
                    if text.contains(' ') && (is_what || text.ends_with('.')) {
                        self.sentences.push(text);
                    }
                    in_statement |=
                        after("let") && ["what", "when"].contains(&&*word);
                    in_statement &= word != ";";
                    before.push(word);
                    continue;
                }
            }
            before.clear();
        }
    }

    fn expects(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.expects(group.stream()),
                token => self.expected.extend(text(&token.to_string())),
            }
        }
    }
}

/// The files in these folders and below, with this ending.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("a file").path());
    let below = paths.flat_map(|path| match path.is_dir() {
        true => files(&path, ending),
        false => vec![path],
    });
    below
        .filter(|path| path.extension().is_some_and(|end| end == ending))
        .collect()
}

fn tokens(path: &Path) -> TokenStream {
    let source = fs::read_to_string(path).expect("a source");
    source.parse().expect("Rust")
}

/// Whether these words, but for what is put into them, stand there.
fn stands(sentence: &str, told: &str) -> bool {
    let fixed = sentence.split('{').map(|part| {
        let (_, rest) = part.split_once('}').unwrap_or(("", part));
        rest.trim()
    });
    fixed
        .filter(|part| part.contains(' '))
        .all(|part| told.contains(part))
}

#[test]
fn every_sentence_stands_in_a_transcript() {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut said = Said::default();
    for folder in ["brokers", "labs", "peers", "trial"] {
        for path in files(&tool.join("src").join(folder), "rs") {
            said.takes(tokens(&path), false);
        }
    }
    said.takes(tokens(&tool.join("src/memory.rs")), false);
    assert!(said.sentences.len() > 200, "{:?}", said.sentences);
    said.expects(tokens(&tool.join("tests/commands.rs")));
    let transcripts = files(&tool.join("../../labs"), "txt");
    let transcripts = transcripts
        .iter()
        .map(|path| words(&fs::read_to_string(path).expect("a transcript")));
    let told: Vec<String> = transcripts.chain(said.expected).collect();
    let untold: Vec<String> = said
        .sentences
        .into_iter()
        .filter(|sentence| !told.iter().any(|told| stands(sentence, told)))
        .collect();
    assert!(untold.is_empty(), "{untold:#?}");
}
