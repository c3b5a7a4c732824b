//! The document from every source, and what is wrong with the wrong ones.

use std::path::{Path, PathBuf};
use std::{env, fs};

use testkit::{Finished, Program, lesson};

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

/// The slide's document, on one line and in another order.
const COMPACT: &str = r#"{"username":"api_user","id":123,"roles":["admin",
"editor"],"lastLogin":{"ip":"192.0.2.1","date":"2025-11-07"},"isActive":true}"#;

fn from_terminal(json: &str) -> Finished {
    let mut program = Program::start(lesson("json_document").arg("-"));
    program.type_line(json);
    program.end_input();
    program.finish()
}

fn from_file(name: &str, content: &[u8]) -> (PathBuf, Finished) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&file, content).expect("write the document");
    let program = Program::start(lesson("json_document").arg(&file));
    (file, program.finish())
}

#[test]
fn the_same_from_a_file_and_from_the_terminal() {
    let own = Program::start(&mut lesson("json_document")).finish();
    assert!(own.status.success(), "{own:?}");

    let typed = from_terminal(COMPACT);
    assert_eq!(typed.stdout, own.stdout, "{typed:?}");
    let (_, read) = from_file("document.json", COMPACT.as_bytes());
    assert_eq!(read.stdout, own.stdout, "{read:?}");
}

/// What it writes is again a document, with the names that it had.
#[test]
fn reads_what_it_writes() {
    let first = from_terminal(COMPACT);
    let start = first.stdout.find('{').expect("a document in the output");
    let second = from_terminal(&first.stdout[start..]);
    assert!(second.status.success(), "{second:?}");
    assert!(second.stdout.contains("\nisActive: false\n"), "{second:?}");
    assert!(second.stdout.contains("roles: admin, editor, viewer\n"));
    for name in ["id", "username", "isActive", "lastLogin", "date", "ip"] {
        assert!(second.stdout.contains(&format!("\"{name}\": ")), "{name}");
    }
}

#[test]
fn text_beyond_ascii() {
    let json = COMPACT.replace("api_user", "Inês \\u00c1vila 😀");
    let finished = from_terminal(&json);
    assert!(finished.stdout.contains("\nusername: Inês Ávila 😀\n"));
    assert!(finished.stdout.contains("\"username\": \"Inês Ávila 😀\""));
}

/// Not JSON: where the text stops making sense, and what was expected there.
#[test]
fn broken_json() {
    for (json, explanation) in [
        (
            "{\"id\": 123\n \"username\": \"api_user\"}",
            "(linha 2, coluna 2): expected `,` or `}`",
        ),
        ("{\"id\": 123,}", "(linha 1, coluna 12): trailing comma"),
        ("{'id': 123}", "(linha 1, coluna 2): key must be a string"),
        (
            "{\"id\": 123,",
            "(linha 2, coluna 0): EOF while parsing a value",
        ),
        (
            &format!("{COMPACT} mais"),
            "(linha 2, coluna 79): trailing characters",
        ),
    ] {
        from_terminal(json)
            .assert_fails_with(&format!("Não é JSON {explanation}"));
    }
}

/// JSON, but another document.
#[test]
fn other_json() {
    for (right, wrong, explanation) in [
        (
            "\"username\":\"api_user\",",
            "",
            "(linha 2, coluna 77): missing field `username`",
        ),
        (
            ",\"date\":\"2025-11-07\"",
            "",
            "(linha 2, coluna 40): missing field `date`",
        ),
        (
            "123",
            "\"123\"",
            "(linha 1, coluna 33): invalid type: string \"123\", expected u64",
        ),
        (
            "123",
            "-1",
            "(linha 1, coluna 30): invalid value: integer `-1`, expected u64",
        ),
        (
            ":true",
            ":1",
            "(linha 2, coluna 73): invalid type: integer `1`, \
             expected a boolean",
        ),
        (
            "192.0.2.1",
            "192.0.2.256",
            "(linha 2, coluna 41): invalid IP address syntax",
        ),
        (
            "\"id\"",
            "\"username\"",
            "(linha 1, coluna 33): duplicate field `username`",
        ),
    ] {
        from_terminal(&COMPACT.replace(right, wrong)).assert_fails_with(
            &format!("É JSON, mas não o documento esperado {explanation}"),
        );
    }
}

/// A file from anywhere: bytes that are not text, nothing at all, or far too
/// deep.
#[test]
fn hostile_files() {
    let deep = "[".repeat(100_000);
    for (name, content) in [
        ("latin1.json", &b"{\"username\":\"In\xeas\"}"[..]),
        ("empty.json", b""),
        ("deep.json", deep.as_bytes()),
        ("deep_inside.json", format!("{{\"x\":{deep}").as_bytes()),
    ] {
        let (_, finished) = from_file(name, content);
        finished.assert_fails_with("[..] (linha 1, coluna [..]): [..]");
    }
}

#[test]
fn no_such_file() {
    for wrong in ["nenhum.json", ".", ""] {
        Program::start(lesson("json_document").arg(wrong))
            .finish()
            .assert_fails_with(&format!(
                "Não foi possível ler {wrong} ([..]). Indique um ficheiro que \
                 exista: cargo run -p json_document -- documento.json"
            ));
    }
}
