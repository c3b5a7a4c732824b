//! The document from every source, and what is wrong with the wrong ones.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use testkit::{Finished, Program, lesson};

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

/// The slide's document, on one line and in another order.
const COMPACT: &str = r#"{"username":"api_user","id":123,"roles":["admin",
"editor"],"lastLogin":{"ip":"192.0.2.1","date":"2025-11-07"},"isActive":true}"#;

/// What the program says of a file with this content.
fn read(content: impl AsRef<[u8]>) -> Finished {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join(format!("document{number}.json"));
    fs::write(&file, content).expect("write the document");
    Program::start(lesson("json_document").arg(&file)).finish()
}

#[test]
fn the_same_from_a_file() {
    let own = Program::start(&mut lesson("json_document")).finish();
    assert!(own.status.success(), "{own:?}");

    let read = read(COMPACT);
    assert_eq!(read.stdout, own.stdout, "{read:?}");
}

/// What it writes is again a document, with the names that it had.
#[test]
fn reads_what_it_writes() {
    let first = read(COMPACT);
    let start = first.stdout.find('{').expect("a document in the output");
    let second = read(&first.stdout[start..]);
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
    let finished = read(&json);
    assert!(finished.stdout.contains("\nusername: Inês Ávila 😀\n"));
    assert!(finished.stdout.contains("\"username\": \"Inês Ávila 😀\""));
}

/// Not JSON: where the text stops making sense, and what was expected there.
#[test]
fn broken_json() {
    for (json, explanation) in [
        (
            "{\"id\": 123\n \"username\": \"api_user\"}",
            "expected `,` or `}` at line 2 column 2",
        ),
        ("{\"id\": 123,}", "trailing comma at line 1 column 12"),
        ("{'id': 123}", "key must be a string at line 1 column 2"),
        (
            "{\"id\": 123,",
            "EOF while parsing a value at line 1 column 11",
        ),
        (
            &format!("{COMPACT} mais"),
            "trailing characters at line 2 column 79",
        ),
    ] {
        read(json).assert_fails_with(&format!(
            "Não foi possível ler o documento: {explanation}"
        ));
    }
}

/// JSON, but another document.
#[test]
fn other_json() {
    for (right, wrong, explanation) in [
        (
            "\"username\":\"api_user\",",
            "",
            "missing field `username` at line 2 column 77",
        ),
        (
            ",\"date\":\"2025-11-07\"",
            "",
            "missing field `date` at line 2 column 40",
        ),
        (
            "123",
            "\"123\"",
            "invalid type: string \"123\", expected u64 at line 1 column 33",
        ),
        (
            "123",
            "-1",
            "invalid value: integer `-1`, expected u64 at line 1 column 30",
        ),
        (
            ":true",
            ":1",
            "invalid type: integer `1`, \
             expected a boolean at line 2 column 73",
        ),
        (
            "192.0.2.1",
            "192.0.2.256",
            "invalid IP address syntax at line 2 column 41",
        ),
        (
            "\"id\"",
            "\"username\"",
            "duplicate field `username` at line 1 column 33",
        ),
    ] {
        read(COMPACT.replace(right, wrong)).assert_fails_with(&format!(
            "Não foi possível ler o documento: {explanation}"
        ));
    }
}

/// A file from anywhere: bytes that are not text, nothing at all, or far too
/// deep.
#[test]
fn hostile_files() {
    let deep = "[".repeat(100_000);
    for content in [
        &b"{\"username\":\"In\xeas\"}"[..],
        b"",
        deep.as_bytes(),
        format!("{{\"x\":{deep}").as_bytes(),
    ] {
        read(content).assert_fails_with(
            "Não foi possível ler o documento: [..] at line 1 column [..]",
        );
    }
}

#[test]
fn no_such_file() {
    for wrong in ["nenhum.json", ".", ""] {
        Program::start(lesson("json_document").arg(wrong))
            .finish()
            .assert_fails_with(
                "Não foi possível ler o documento: [..] (os error [..])",
            );
    }
}
