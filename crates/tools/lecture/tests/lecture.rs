//! The book as a lecturer starts it and a student reads it.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use testkit::{Browser, Program, connect, lesson, peer, workspace};

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

/// Opens the book in a browser, for one of the checks in `peers/book.py`.
fn read_in_browser(check: &str) {
    let book = Program::start(lesson("lecture").arg("127.0.0.1:0"));
    read(&book, check);
    assert_eq!(book.errors(), "");
}

fn read(book: &Program, check: &str) {
    let address = format!("http://{}/", book.address());
    let reader =
        Program::start(peer("book.py").args([check, address.as_str()]));
    // Many pages, each drawn by a browser.
    let finished = reader.finish_within(Duration::from_secs(600));
    assert!(finished.status.success(), "{}", finished.stderr);
}

/// The columns are level, nothing scrolls sideways, a figure stands beside its
/// text, a program is copied whole, and axe finds nothing serious.
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
fn the_list_of_pages_is_at_hand() {
    read_in_browser("pages_at_hand");
}

#[test]
fn a_page_and_the_whole_book_are_printed() {
    read_in_browser("printed");
}

/// A deck of this test's own; what the browser looks for is in it.
fn deck() -> PathBuf {
    workspace().join("crates/tools/lecture/tests/deck/aula.md")
}

#[test]
fn slides_stand_beside_the_lessons() {
    let book = Program::start(
        lesson("lecture")
            .args(["127.0.0.1:0", "--slides"])
            .arg(deck()),
    );
    read(&book, "slides");
    let report = book.errors();
    let lines: Vec<&str> = report.lines().map(str::trim).collect();
    for line in [
        "Diapositivos sem página:",
        "Um diapositivo que nenhuma página tem",
        "Páginas sem diapositivo:",
        "APIs REST: A Linguagem da Web (as 8 páginas)",
    ] {
        assert!(lines.contains(&line), "{line}: {report}");
    }
    assert!(!lines.contains(&"Cliente TCP Python"), "{report}");
}

/// A workspace with a book of two pages, far from the one that built the
/// program.
fn small_workspace() -> TempDir {
    let root = tempfile::tempdir().expect("a folder");
    for (path, text) in [
        ("Cargo.toml", "[workspace]\n"),
        ("crates/tools/programs/Cargo.toml", ""),
        (
            "crates/1_sockets/eco/src/main.rs",
            "//! # Eco\n\nfn main() {}\n",
        ),
        (
            "docs/SUMMARY.md",
            "[Capa](index.md)\n\n# Um\n\n- [Eco](eco.md)\n",
        ),
        ("docs/index.md", "# Um livro pequeno\n"),
        ("docs/eco.md", "{{#header eco}}\n\n{{#program eco}}\n"),
        ("figures/f.svg", "<svg/>"),
        ("aula.md", "## Eco\n\nUm diapositivo.\n"),
    ] {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }
    root
}

fn in_folder(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = lesson("lecture");
    // As when somebody else's shell starts it, and not cargo.
    command.env_remove("CARGO_MANIFEST_DIR");
    command.current_dir(folder).args(arguments);
    command
}

#[test]
fn the_workspace_is_the_one_where_it_runs() {
    let root = small_workspace();
    let inside = root.path().join("crates/1_sockets/eco");
    let built =
        Program::start(&mut in_folder(&inside, &["build", "livro"])).finish();
    assert!(built.status.success(), "{built:?}");
    let cover = fs::read_to_string(inside.join("livro/index.html"));
    let cover = cover.expect("the first page");
    assert!(cover.contains("Um livro pequeno"), "{cover}");

    let outside = tempfile::tempdir().expect("a folder");
    Program::start(&mut in_folder(outside.path(), &[]))
        .finish()
        .assert_fails_with(
            "Não há aqui um livro. Corra este programa dentro da pasta da aula",
        );
}

#[test]
fn what_an_editor_leaves_stops_nothing() {
    let root = small_workspace();
    let docs = root.path().join("docs");
    let leave = || {
        for name in
            ["eco.md~", ".eco.md.swp", "#eco.md#", "4913", ".oculto.svg"]
        {
            fs::write(docs.join(name), "lixo").expect("written");
        }
        // Emacs' lock: a link that leads nowhere.
        #[cfg(unix)]
        std::os::unix::fs::symlink("eu@aqui.123", docs.join(".#eco.md"))
            .expect("linked");
        #[cfg(windows)]
        fs::write(docs.join(".#eco.md"), "eu@aqui.123").expect("written");
    };
    let mut book =
        Program::start(&mut in_folder(root.path(), &["127.0.0.1:0"]));
    book.address();
    leave();
    fs::write(docs.join("eco.md"), "{{#program eco}}\n\nMudou.\n")
        .expect("written");
    book.wait_for("O livro foi refeito");
    assert_eq!(book.errors(), "");
    book.interrupt();

    let built =
        Program::start(&mut in_folder(root.path(), &["build", "livro"]))
            .finish();
    assert!(built.status.success(), "{built:?}");
    let site = text_below(&root.path().join("livro"));
    assert!(site.contains("Mudou.") && !site.contains("lixo"), "{site}");
}

/// Whoever closes the terminal, or reads one line, wants no more of it.
#[test]
fn ends_quietly_when_nobody_reads_what_it_prints() {
    let root = small_workspace();
    let mut book = in_folder(root.path(), &["127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let mut stdout = BufReader::new(book.stdout.take().expect("its output"));
    stdout
        .read_line(&mut String::new())
        .expect("its first line");
    drop(stdout);
    let page = root.path().join("docs/index.md");
    fs::write(page, "# Outra capa\n").expect("written");

    let start = Instant::now();
    let status = loop {
        if let Some(status) = book.try_wait().expect("its status") {
            break status;
        }
        if start.elapsed() > testkit::DEADLINE {
            book.kill().expect("killed");
            panic!("it does not end");
        }
        thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(1));
    let mut errors = String::new();
    let mut stderr = book.stderr.take().expect("its errors");
    stderr.read_to_string(&mut errors).expect("text");
    assert_eq!(errors, "");
}

#[test]
fn a_deck_that_is_none() {
    let root = small_workspace();
    for (name, bytes) in [
        ("latin1.md", &b"## Um\n\nLi\xe7\xe3o\n"[..]),
        ("vazio.md", b""),
        ("texto.md", b"S\xc3\xb3 texto, sem nenhum t\xc3\xadtulo\n"),
    ] {
        fs::write(root.path().join(name), bytes).expect("written");
    }
    for (name, expected) in [
        (
            "nenhum.md",
            "Não foi possível ler os diapositivos em nenhum.md: [..]",
        ),
        (
            "docs",
            "Não foi possível ler os diapositivos em docs: não é um ficheiro",
        ),
        (
            "latin1.md",
            "latin1.md não está em UTF-8 (linha 3): grave os diapositivos \
             nessa codificação",
        ),
        (
            "vazio.md",
            "vazio.md não tem diapositivos: cada um começa por um título, # \
             ou ##",
        ),
        (
            "texto.md",
            "texto.md não tem diapositivos: cada um começa por um título, # \
             ou ##",
        ),
    ] {
        for task in [&["127.0.0.1:0"][..], &["build", "livro"]] {
            let mut lecture = in_folder(root.path(), task);
            Program::start(lecture.args(["--slides", name]))
                .finish()
                .assert_fails_with(expected);
        }
    }
    assert!(!root.path().join("livro").exists());
}

#[test]
fn slides_are_in_a_written_site_only_if_asked_for() {
    let root = small_workspace();
    let build = |arguments: &[&str], folder: &str| {
        let mut lecture = in_folder(root.path(), &["build", folder]);
        let built = Program::start(lecture.args(arguments)).finish();
        assert!(built.status.success(), "{built:?}");
        text_below(&root.path().join(folder))
    };
    assert!(build(&["--slides", "aula.md"], "com").contains("Um diapositivo."));
    assert!(!build(&[], "sem").contains("Um diapositivo."));
}

#[test]
fn a_deck_is_read_again_when_it_changes() {
    let root = small_workspace();
    let deck = root.path().join("aula.md");
    let arguments = ["127.0.0.1:0", "--slides", "aula.md"];
    let book = Program::start(&mut in_folder(root.path(), &arguments));
    let mut page =
        Browser::open(&format!("http://{}/eco.html", book.address()));
    page.wait_for("#slide", "Um diapositivo.");
    fs::write(&deck, "## Eco\n\nO mesmo, mudado.\n").expect("written");
    page.wait_for("#slide", "O mesmo, mudado.");

    // What is wrong leaves the slides before in place.
    fs::write(&deck, b"## Eco\n\n\xff\n").expect("written");
    book.wait_for_error("não está em UTF-8 (linha 3)");
    page.run("location.reload()");
    page.wait_for("#slide", "O mesmo, mudado.");
    fs::write(&deck, "## Eco\n\nCorrigido.\n").expect("written");
    page.wait_for("#slide", "Corrigido.");
    assert_eq!(page.errors(), "");
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
                "Um endereço; ou build e uma pasta, com --record para gravar \
                 as lições a correr. Com --slides, também o ficheiro dos \
                 diapositivos. Um exemplo: cargo run -p lecture -- build target/livro",
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
    let ask_for = |target: &str, headers: &str| {
        let mut stream = connect(book.address());
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             {headers}\r\n"
        );
        stream.write_all(request.as_bytes()).expect("ask");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("the answer");
        String::from_utf8_lossy(&answer).into_owned()
    };
    let ask = |target: &str| ask_for(target, "");
    for (target, kind) in [
        ("/", "text/html; charset=utf-8"),
        ("/tcp.html", "text/html; charset=utf-8"),
        ("/figures/tcp.svg", "image/svg+xml"),
        ("/book.js", "text/javascript; charset=utf-8"),
        ("/css/general.css", "text/css; charset=utf-8"),
        ("/measures/report.json", "application/json"),
    ] {
        let answer = ask(target);
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        assert!(answer.contains(kind), "{answer}");
        let policy = "content-security-policy: default-src 'self';";
        assert!(answer.contains(policy), "{answer}");
    }
    // A page knows its edition, and asks whether it is still the newest.
    let version = ask("/version");
    let version = version.lines().last().expect("a number");
    let edition = format!("data-version=\"{version}\"");
    assert!(ask("/").contains(&edition), "{edition}");
    // It asks for nothing twice that is still the same.
    for (had, status) in [(version, "304 Not"), ("7", "200 OK")] {
        let header = format!("If-None-Match: \"{had}\"\r\n");
        let answer = ask_for("/book.js", &header);
        let expected = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&expected), "{answer}");
        assert!(answer.contains(&format!("etag: \"{version}\"")), "{answer}");
    }

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

/// The lines of a program that are not comments.
fn code(program: &str) -> String {
    let lines = program.lines().filter(|line| {
        let line = line.trim_start();
        !line.starts_with("//") && !line.starts_with("<!--")
    });
    lines.collect::<Vec<&str>>().join("\n")
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
        let tests = code(&text_below(&lesson.join("tests")));
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
    let checker = code(&text_below(&workspace.join("crates/tools/lab/tests")));

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
            if let ["cargo", "run", "-p", "lab", "--", task, lab, ..] =
                words[..]
            {
                let lab = workspace.join("crates/labs").join(lab);
                assert!(lab.exists(), "{}: {command}", page.display());
                assert!(
                    checker.contains(&format!("\"{task}\"")),
                    "{}: no test runs: {command}",
                    page.display()
                );
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
/// code in the second column, where `…` stands for what was left out. It may
/// also be the name of another lesson.
#[test]
fn every_call_in_a_table_is_in_the_program() {
    let solid = |text: &str| text.split_whitespace().collect::<String>();
    let lessons = lessons();
    for page in files(&workspace().join("docs"), "md") {
        let text = fs::read_to_string(&page).expect("the page");
        let shown = text
            .lines()
            .filter_map(|line| line.strip_prefix("{{#program "))
            .map(|line| line.trim_end_matches('}'));
        let programs: String = shown
            .filter_map(|words| {
                let (name, file) = words.split_once(' ').unwrap_or((words, ""));
                let file = if file.is_empty() { "src/main.rs" } else { file };
                let folder = lessons.iter().find(|path| path.ends_with(name));
                Some(fs::read_to_string(folder?.join(file)).expect(file))
            })
            .map(|program| code(&program))
            .collect();
        if programs.is_empty() {
            continue;
        }
        let programs = solid(&programs);
        let rows = text.lines().filter(|line| line.starts_with("| "));
        for row in rows.filter(|row| !row.starts_with("| ---")) {
            let row = row.replace("\\|", "¦");
            let here = row.split('|').nth(2).expect("a second column");
            for code in here.split('`').skip(1).step_by(2) {
                if lessons.iter().any(|path| path.ends_with(code)) {
                    continue;
                }
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
