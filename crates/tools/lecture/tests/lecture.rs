//! The book as a lecturer starts it and a student reads it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use testkit::{Program, connect, lesson, peer, workspace};

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

/// Opens the book in a browser, for one of the checks in `peers/book.py`.
fn read_in_browser(check: &str) {
    let book = Program::start(lesson("lecture").arg("127.0.0.1:0"));
    let address = format!("http://{}/", book.address());
    let reader =
        Program::start(peer("book.py").args([check, address.as_str()]));
    // Many pages, each drawn by a browser.
    let finished = reader.finish_within(Duration::from_secs(600));
    assert!(finished.status.success(), "{}", finished.stderr);
    assert_eq!(book.errors(), "");
}

/// The columns are level, nothing scrolls sideways, a program is copied whole,
/// and axe finds nothing serious.
#[test]
fn every_page_can_be_read_and_copied() {
    read_in_browser("every_page");
}

#[test]
fn search_finds_words_with_and_without_accents() {
    read_in_browser("search");
}

#[test]
fn keyboard_reaches_every_page() {
    read_in_browser("keyboard");
}

#[test]
fn writes_the_site() {
    let folder = tempfile::tempdir().expect("a folder");
    let finished =
        Program::start(lesson("lecture").arg("build").arg(folder.path()))
            .finish();
    assert!(finished.status.success(), "{finished:?}");
    let index = folder.path().join("index.html");
    assert_eq!(
        finished.stdout,
        format!("O livro está em {}\n", index.display())
    );
    let index = fs::read_to_string(index).expect("the first page");
    assert!(index.contains("href=\"tcp_echo_server.html\""), "{index}");
    // Only a served book looks for a newer one.
    assert!(!index.contains("data-version"), "{index}");
}

#[test]
fn wrong_arguments() {
    for wrong in [&["build"][..], &["build", "a", "b"], &["a", "b"]] {
        Program::start(lesson("lecture").args(wrong))
            .finish()
            .assert_fails_with(
                "Um endereço, ou build e uma pasta; com --slides, também o \
                 ficheiro dos diapositivos. Um exemplo: cargo run -p lecture \
                 -- build target/livro",
            );
    }
    Program::start(lesson("lecture").arg("banana"))
        .finish()
        .assert_fails_with(
            "Não foi possível escutar em banana: a porta está ocupada ou o \
             endereço não serve ([..]). Escolha outro: cargo run -p lecture \
             -- 127.0.0.1:3001",
        );
}

#[test]
fn folder_that_cannot_be_written() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    Program::start(lesson("lecture").arg("build").arg(file.path()))
        .finish()
        .assert_fails_with("Não foi possível escrever em [..]");
}

#[test]
fn serves_only_the_site() {
    let book = Program::start(lesson("lecture").arg("127.0.0.1:0"));
    let ask = |target: &str| {
        let mut stream = connect(book.address());
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("ask");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("the answer");
        String::from_utf8_lossy(&answer).into_owned()
    };
    for (target, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/tcp.html", "text/html; charset=utf-8"),
        ("/figures/tcp.svg", "image/svg+xml"),
        ("/book.js", "text/javascript; charset=utf-8"),
        ("/css/general.css", "text/css; charset=utf-8"),
    ] {
        let answer = ask(target);
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(answer.contains(kind), "{answer}");
    }
    // A page knows its edition, and asks whether it is still the newest.
    let version = ask("/version");
    let version = version.lines().last().expect("a number");
    let edition = format!("data-version=\"{version}\"");
    assert!(ask("/").contains(&edition), "{edition}");

    for target in ["/nada", "/../Cargo.toml", "//etc/passwd", "/figures/"] {
        let answer = ask(target);
        assert!(answer.starts_with("HTTP/1.1 404 Not Found"), "{answer}");
        assert!(answer.contains("O índice está em /"), "{answer}");
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder");
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files = entries(folder);
    files.retain(|path| path.extension().is_some_and(|ext| ext == extension));
    files
}

/// All files of a folder and those within it, one after the other.
fn text_below(folder: &Path) -> String {
    let text = |path: PathBuf| match path.is_dir() {
        true => text_below(&path),
        false => fs::read_to_string(path).unwrap_or_default(),
    };
    entries(folder).into_iter().map(text).collect()
}

/// The folder of each lesson, in `crates/1_…` and so on.
fn lessons() -> Vec<PathBuf> {
    let parts = entries(&workspace().join("crates"));
    let numbered = parts.into_iter().filter(|part| {
        let name = part.file_name().expect("a name").to_string_lossy();
        name.starts_with(|first: char| first.is_ascii_digit())
    });
    numbered
        .flat_map(|part| entries(&part))
        .filter(|folder| folder.join("src/main.rs").exists())
        .collect()
}

/// A page, and README, may only tell a command that a test executes: one in
/// the console block of a program's header, which the program's own test runs.
#[test]
fn every_command_is_one_that_a_test_runs() {
    let workspace = workspace();
    let mut run = BTreeSet::from(["cargo run -p lecture".to_string()]);
    for lesson in lessons() {
        let header = fs::read_to_string(lesson.join("src/main.rs"))
            .expect("the lesson's source");
        let tests = text_below(&lesson.join("tests"));
        let calls = ["run_console_blocks", "_tests!", ".play("];
        assert!(
            calls.iter().any(|call| tests.contains(call)),
            "no test runs the console block of {}",
            lesson.display()
        );
        let commands = header
            .lines()
            .filter_map(|line| line.strip_prefix("//! $ ").map(str::to_string));
        run.extend(commands);
    }
    let tests = fs::read_to_string(workspace.join(".ci/run")).expect("it");

    let mut pages = files(&workspace.join("docs"), "md");
    pages.extend(files(&workspace, "md"));
    for page in pages {
        let text = fs::read_to_string(&page).expect("the page");
        for line in text.lines() {
            let Some(command) = line.strip_prefix("$ ") else {
                continue;
            };
            let words: Vec<&str> = command.split(' ').collect();
            // The measuring tool's own tests measure each claim.
            if words.starts_with(&[
                "cargo",
                "run",
                "--release",
                "-p",
                "measure",
            ]) {
                let python = words.contains(&"--python");
                assert!(!python, "{}: {command}", page.display());
                continue;
            }
            // The checker starts a lab's program as its sheet says, and the
            // checker's own tests give each lab to each of its commands.
            if let ["cargo", "run", "-p", name, ..] = words[..]
                && name.starts_with("lab_")
            {
                let lab = workspace.join("crates/labs").join(name);
                assert!(lab.exists(), "{}: {command}", page.display());
                continue;
            }
            if let ["cargo", "run", "-p", "lab", "--", _, lab, ..] = words[..] {
                let lab = workspace.join("crates/labs").join(lab);
                assert!(lab.exists(), "{}: {command}", page.display());
                continue;
            }
            // Another address: every test of a server gives it one.
            let (plain, _) =
                command.split_once(" -- 127.").unwrap_or((command, ""));
            assert!(
                run.contains(plain) || tests.contains(command),
                "{}: no test runs: {command}",
                page.display()
            );
        }
    }
}

#[test]
fn readme_lists_the_lessons_of_the_book() {
    let readme = fs::read_to_string(workspace().join("README.md"));
    let readme = readme.expect("README.md");
    let map = readme.lines().filter(|line| line.starts_with("| "));
    let listed: BTreeSet<&str> = map.flat_map(|row| row.split('`')).collect();
    for lesson in lessons() {
        let name = lesson.file_name().expect("a name").to_string_lossy();
        assert!(listed.contains(&*name), "README.md does not list {name}");
    }
}

/// What a page's table says of the program is in the program: each piece of
/// code in the second column, where `…` stands for what was left out.
#[test]
fn every_call_in_a_table_is_in_the_program() {
    let solid = |text: &str| text.split_whitespace().collect::<String>();
    let lessons = lessons();
    for page in files(&workspace().join("docs"), "md") {
        let text = fs::read_to_string(&page).expect("the page");
        let programs = text
            .lines()
            .filter_map(|line| line.strip_prefix("{{#program "))
            .filter_map(|line| line.trim_end_matches('}').split(' ').next())
            .filter_map(|name| {
                lessons.iter().find(|path| path.ends_with(name))
            });
        let programs: String = programs.map(|path| text_below(path)).collect();
        if programs.is_empty() {
            continue;
        }
        let programs = solid(&programs);
        let rows = text.lines().filter(|line| line.starts_with("| "));
        for row in rows.filter(|row| !row.starts_with("| ---")) {
            let row = row.replace("\\|", "¦");
            let here = row.split('|').nth(2).expect("a second column");
            for code in here.split('`').skip(1).step_by(2) {
                for piece in code.replace('¦', "|").split('…') {
                    assert!(
                        programs.contains(&solid(piece)),
                        "{}: «{piece}» is not in the program",
                        page.display()
                    );
                }
            }
        }
    }
}

/// A figure that the deck or a page shows is also there for a screen reader.
#[test]
fn every_figure_has_a_title_and_a_description() {
    let figures = files(&workspace().join("figures"), "svg");
    for figure in &figures {
        let svg = fs::read_to_string(figure).expect("the figure");
        for part in [
            "role=\"img\"",
            "aria-labelledby=\"title desc\"",
            "<title id=\"title\">",
            "<desc id=\"desc\">",
            "prefers-color-scheme: dark",
        ] {
            assert!(svg.contains(part), "{}: {part}", figure.display());
        }
        assert!(svg.len() < 10_000, "{}: too large", figure.display());
        // What is not in the file would have to come from elsewhere.
        assert!(!svg.contains("href"), "{}", figure.display());
    }
    for name in ["tcp", "udp", "rest", "ws", "mqtt"] {
        let name = format!("{name}.svg");
        assert!(figures.iter().any(|path| path.ends_with(&name)), "{name}");
    }
}
