//! The addresses that a lesson has as its own.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A lesson's addresses, in the order in which they are declared, which is
/// that of its arguments: its constants of which the whole value is one.
pub fn addresses_of(folder: &Path) -> Vec<String> {
    let files = sources(&folder.join("src"));
    let texts = files
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok());
    texts.flat_map(|text| constants(&text)).collect()
}

/// The program's own file comes first.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|end| end == "rs"))
        .collect();
    files.sort_by_key(|path| (!path.ends_with("main.rs"), path.clone()));
    files
}

/// The addresses among a source's constants, at the top of it: a token after
/// the other, wherever its lines break.
fn constants(source: &str) -> Vec<String> {
    let Ok(tokens) = source.parse::<TokenStream>() else {
        return Vec::new(); // the compiler says what is wrong with it
    };
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is = |token: &TokenTree, word: &str| token.to_string() == word;
    let mut found = Vec::new();
    let mut rest = &tokens[..];
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if !is(first, "const") && !is(first, "static") {
            continue;
        }
        let end = rest.iter().position(|token| is(token, ";"));
        let item = &rest[..end.unwrap_or(rest.len())];
        rest = &rest[item.len()..];
        let [.., equals, value] = item else { continue };
        if !is(equals, "=") {
            continue;
        }
        found.extend(
            texts(value)
                .into_iter()
                .filter(|text| port_of(text).is_some()),
        );
    }
    found
}

/// The strings in a value: itself, or the elements of an array.
fn texts(value: &TokenTree) -> Vec<String> {
    match value {
        TokenTree::Literal(literal) => {
            let text = literal.to_string();
            let inside =
                text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
            inside.map(str::to_string).into_iter().collect()
        }
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
            group.stream().into_iter().flat_map(|t| texts(&t)).collect()
        }
        _ => Vec::new(),
    }
}

/// The hosts by which an address of this machine begins.
const HERE: [&str; 6] =
    ["127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::]", "*"];

/// The port of a word that is an address of this machine, with or without a
/// scheme, a user and a path.
pub fn port_of(word: &str) -> Option<u16> {
    let rest = word.split_once("://").map_or(word, |(_, rest)| rest);
    let rest = rest.split('/').next().unwrap_or_default();
    let rest = rest.rsplit('@').next().unwrap_or_default();
    let (host, port) = rest.rsplit_once(':')?;
    if !HERE.contains(&host) {
        return None;
    }
    port.parse().ok()
}

/// The ports of this machine in a line of text, each with how many others, or
/// `[..]` in the place of one, come before it.
pub fn ports_told(line: &str) -> Vec<(usize, u16)> {
    let mut found = Vec::new();
    let places = line.match_indices(':').filter_map(|(colon, _)| {
        let host = &line[..colon];
        let after = &line[colon + 1..];
        HERE.iter()
            .any(|here| host.ends_with(here))
            .then_some(after)
    });
    for (place, after) in places.enumerate() {
        let digits = after.split(|c: char| !c.is_ascii_digit()).next();
        if let Some(Ok(port)) = digits.map(str::parse) {
            found.push((place, port));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_found_wherever_their_lines_break() {
        let source = r#"
            //! const ADDRESS: &str = "127.0.0.1:1";
            #![allow(missing_docs)]
            use std::io;
            /// "127.0.0.1:2"
            const ADDRESS: &str =
                "127.0.0.1:65432";
            // const OTHER: &str = "127.0.0.1:3";
            pub static BROKER: &'static str = "mqtt://localhost:1883";
            const MESSAGE: &str = "127.0.0.1:4 is taken";
            const NOTE: &str = "nota:5";
            const QUEUES: [&str; 2] = ["amqp://a:b@127.0.0.1:5672/%2f",
                "tcp://*:5555"];
            const SIZE: usize = 3;
            fn main() { const INNER: &str = "127.0.0.1:6"; }
            #[cfg(test)]
            mod tests { const ADDRESS: &str = "127.0.0.1:7"; }
        "#;
        let found = constants(source);
        assert_eq!(
            found,
            [
                "127.0.0.1:65432",
                "mqtt://localhost:1883",
                "amqp://a:b@127.0.0.1:5672/%2f",
                "tcp://*:5555"
            ]
        );
    }

    #[test]
    fn ports_are_found() {
        assert_eq!(port_of("127.0.0.1:65432"), Some(65432));
        assert_eq!(port_of("mqtt://localhost:1883/x"), Some(1883));
        assert_eq!(port_of("amqp://a:b@127.0.0.1:5672/%2f"), Some(5672));
        assert_eq!(port_of("http://127.0.0.1:8000/items/1?a=b:3"), Some(8000));
        assert_eq!(port_of("building/floor1"), None);
        assert_eq!(port_of(r#"{"price":9}"#), None);
        assert_eq!(port_of("example.org:80"), None);

        let told = "de 127.0.0.1:[..] em tcp://*:5555, por localhost:1884";
        assert_eq!(ports_told(told), [(1, 5555), (2, 1884)]);
        assert_eq!(ports_told(r#"{"price":9} às 12:30"#), []);
    }
}
