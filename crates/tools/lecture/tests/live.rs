//! Lessons that run in their pages: in a browser, and as another page that is
//! open in it would try.
//!
//! Most of it happens in a workspace of the test's own, with two small lessons
//! that build in a second.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::sync::{LazyLock, Once};
use std::thread;
use std::time::{Duration, Instant};

use programs::{Build, Folder, Target};
use testkit::{Browser, DEADLINE, Program, connect, lesson, workspace};

const SERVER: &str = r#"//! # Servidor
//!
//! ```console
//! $ cargo run -p eco_server
//! A escutar em 127.0.0.1:65432
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p eco_client
//! Ligado
//! > olá
//! Eco: olá
//! ^D
//! ```

use std::io::{Read, Write};
use std::net::TcpListener;

const ADDRESS: &str = "127.0.0.1:65432";

fn main() {
    let address = std::env::args().nth(1).unwrap_or(ADDRESS.to_string());
    let listener = TcpListener::bind(address).unwrap();
    println!("A escutar em {}", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok(count @ 1..) = stream.read(&mut buffer) {
                stream.write_all(&buffer[..count]).unwrap();
            }
        });
    }
}
"#;

const CLIENT: &str = r#"//! # Cliente
//!
//! ```console
//! $ cargo run -p eco_server
//! A escutar em 127.0.0.1:65432
//! ^C
//!
//! # noutro terminal
//! $ cargo run -p eco_client
//! Ligado
//! ^D
//! ```

use std::io::{Read, Write, stdin};
use std::net::TcpStream;

const ADDRESS: &str = "127.0.0.1:65432";

fn main() {
    let address = std::env::args().nth(1).unwrap_or(ADDRESS.to_string());
    let mut stream = match TcpStream::connect(&address) {
        Ok(stream) => stream,
        Err(_) => {
            eprintln!("Ninguém em {address}");
            std::process::exit(1)
        }
    };
    println!("Ligado");
    for line in stdin().lines().map_while(Result::ok) {
        match line.as_str() {
            "muitas" => {
                for number in 0..10_000 {
                    echo(&mut stream, &number.to_string());
                }
                println!("Foram todas");
            }
            // Leaves with what was sent to it unread.
            "sai" => {
                stream.write_all(b"adeus").unwrap();
                std::thread::sleep(std::time::Duration::from_millis(200));
                println!("A sair");
                std::thread::park();
            }
            "sem fim" => loop {
                println!("mais uma linha, e outra a seguir");
            },
            line => println!("Eco: {}", echo(&mut stream, line)),
        }
    }
}

fn echo(stream: &mut TcpStream, text: &str) -> String {
    stream.write_all(text.as_bytes()).unwrap();
    let mut buffer = vec![0; text.len()];
    stream.read_exact(&mut buffer).unwrap();
    String::from_utf8_lossy(&buffer).into_owned()
}
"#;

/// The book of a small workspace, in which the lessons are built once for all
/// tests: none of these changes them.
fn small_book() -> Book {
    static SHARED: LazyLock<Folder> = LazyLock::new(small_workspace);
    Book::of(SHARED.path())
}

/// A workspace with two lessons, each with its page.
fn small_workspace() -> Folder {
    let folder = Folder::new("lecture-live").expect("a folder");
    let manifest = "[workspace]\nresolver = \"3\"\n\
                    members = [\"crates/1_sockets/*\"]\n";
    let summary = "[Capa](index.md)\n\n# Um\n\n\
                   - [Servidor](eco_server.md)\n- [Cliente](eco_client.md)\n";
    for (path, text) in [
        ("Cargo.toml", manifest),
        ("crates/tools/programs/Cargo.toml", ""),
        ("docs/SUMMARY.md", summary),
        ("docs/index.md", "# Capa\n\n{{#contents}}\n"),
        ("figures/f.svg", "<svg/>"),
    ] {
        write(&folder.path().join(path), text);
    }
    for (name, source) in [("eco_server", SERVER), ("eco_client", CLIENT)] {
        let manifest = format!(
            "[package]\nname = \"{name}\"\nedition = \"2024\"\n\
             version = \"0.1.0\"\n"
        );
        let lesson = folder.path().join("crates/1_sockets").join(name);
        write(&lesson.join("Cargo.toml"), &manifest);
        write(&lesson.join("src/main.rs"), source);
        let page = folder.path().join(format!("docs/{name}.md"));
        let text =
            format!("{{{{#header {name}}}}}\n\n{{{{#program {name}}}}}\n");
        write(&page, &text);
    }
    folder
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("make it");
    fs::write(path, text).expect("write a file");
}

/// The book of a workspace.
struct Book {
    program: Program,
    url: String,
}

impl Book {
    fn of(workspace: &Path) -> Book {
        let mut command = lesson("lecture");
        command.arg("127.0.0.1:0").current_dir(workspace);
        // Cargo's own folder, and not the one of this workspace.
        command.env_remove("CARGO_TARGET_DIR");
        let program = Program::start(&mut command);
        let url = format!("http://{}", program.address());
        Book { program, url }
    }

    /// A lesson's page, with the lesson running in it, up to what its console
    /// block leaves for the end.
    fn play(&self, lesson: &str) -> Page {
        let page = self.open(lesson);
        page.play()
    }

    fn open(&self, lesson: &str) -> Page {
        let browser = Browser::open(&format!("{}/{lesson}.html", self.url));
        let mut page = Page { browser };
        page.wait(".run button", "Correr");
        page
    }

    /// The programs that run now because of it: their names.
    fn children(&self) -> Vec<String> {
        let listed = Command::new("ps")
            .args(["-A", "-o", "pid=,ppid=,args="])
            .output()
            .expect("ps");
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let mut known = vec![self.program.id()];
        let mut names = Vec::new();
        for line in listed.lines() {
            let mut words = line.split_whitespace();
            let mut number = || words.next().and_then(|w| w.parse().ok());
            let (Some(pid), Some(parent)) = (number(), number()) else {
                continue;
            };
            if known.contains(&parent) {
                known.push(pid);
                // One that nobody has waited for is there too: `[name]`.
                let name = words.next().unwrap_or_default();
                let name = name.trim_matches(['[', ']']);
                names.push(name.rsplit('/').next().unwrap_or(name).to_string());
            }
        }
        names.retain(|name| name.starts_with("eco_") || name == "cargo");
        names
    }

    fn wait_until_alone(&self) {
        wait_until("no program is left", || self.children().is_empty());
    }
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < DEADLINE, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A selector of elements within others, without the spaces at which the
/// browser's commands are split.
fn inside(selector: &str) -> String {
    selector.replace(' ', ">>")
}

/// A lesson's page in a browser.
struct Page {
    browser: Browser,
}

impl Page {
    /// Waits until one of the elements shows this text, or more than this.
    fn wait(&mut self, selector: &str, text: &str) {
        self.browser.wait_for(&inside(selector), text);
    }

    fn play(mut self) -> Page {
        self.browser.press("r");
        let rest = ".stage button:enabled";
        self.wait(rest, "Continuar");
        self.wait(".terminal:last-child", "Ligado");
        self
    }

    /// Waits for a text in the terminal of this place, from 1.
    fn wait_in(&mut self, terminal: usize, text: &str) {
        let selector = format!(".terminal:nth-child({terminal})");
        self.wait(&selector, text);
    }

    fn type_in(&mut self, terminal: usize, line: &str) {
        let input = format!(".terminal:nth-child({terminal}) input:enabled");
        self.browser.click(&input);
        self.browser.type_text(line);
        self.browser.press("Enter");
    }

    fn press_in(&mut self, terminal: usize, key: &str) {
        let button = format!(
            ".terminal:nth-child({terminal}) button:enabled:text-is('{key}')"
        );
        self.browser.click(&button);
    }

    /// Waits for an arrow with this text.
    fn wait_for_arrow(&mut self, kind: &str, text: &str) {
        self.wait(&format!(".message{kind}"), text);
    }

    /// The direction, the sender and the receiver of each arrow in sight with
    /// this text.
    fn arrows(&mut self, text: &str) -> String {
        self.browser.run(
            &format!(
                "[...document.querySelectorAll('.message.frame')]
                .filter((row) => row.querySelector('b').textContent
                    .includes('{text}'))
                .map((row) => [...row.querySelectorAll('.from, .to')]
                    .map((cell) => cell.textContent).join(' → '))"
            )
            .replace('\n', " "),
        )
    }
}

#[test]
fn a_key_runs_the_lesson_and_what_is_typed_comes_back() {
    let book = small_book();
    let mut page = book.play("eco_server");
    page.wait_in(1, "cargo run -p eco_server");
    page.wait_in(1, "A escutar em 127.0.0.1:65432");
    page.wait_in(2, "> olá");
    page.wait_in(2, "Eco: olá");

    page.type_in(2, "outra vez");
    page.wait_in(2, "Eco: outra vez");
    page.wait_for_arrow(".left", "«outra vez»");
    page.wait_for_arrow(".right", "«outra vez»");
    assert_eq!(
        page.arrows("outra vez"),
        "[\"eco_client → eco_server\", \"eco_server → eco_client\"]"
    );

    // What was recorded, instead of to a file, to this test: both arrows.
    page.browser.run(
        "void (window.save = (blob, name) => blob.text().then((text) => { \
         window.saved = `${name}: ${text.split('outra vez').length - 1}`; }))",
    );
    page.browser
        .click(".stage button:has-text('Guardar captura')");
    wait_until("the capture is there", || {
        page.browser.run("window.saved ?? ''") == "\"eco_server.pcapng: 2\""
    });

    // The keys that are left of the block end it.
    page.browser
        .click(".stage button:enabled:has-text('Continuar')");
    page.wait_in(2, "terminou: 0");
    page.wait_in(1, "terminou: SIGINT");
    book.wait_until_alone();
    assert_eq!(page.browser.errors(), "");
}

#[test]
fn a_frame_opens_with_its_fields_and_their_bytes() {
    let book = small_book();
    let mut page = book.play("eco_server");
    page.browser.click(".message.frame");
    page.wait(".opened-frame h2", "«olá» eco_client → eco_server");
    page.wait(".opened-frame h2", "4 bytes");
    page.wait(".opened-frame [role=option]", "olá");
    page.wait(".opened-frame .about", "Bytes 0 a 3.");
    page.wait(".opened-frame .about a", "Ver no livro");
    let marked = page.browser.run(
        "[...document.querySelectorAll('.hex .marked')]
            .map((byte) => byte.textContent).join(' ')"
            .replace('\n', " ")
            .as_str(),
    );
    assert_eq!(marked, "\"6f 6c c3 a1\"");

    // Only what is within another one is indented: the bits beside each other
    // of MQTT's first byte are not, and those of its second byte are.
    let depths = page.browser.run(
        "((all) => all.map((field) => depth(field, all)))([\
         { start: 0, end: 1, bits: [0, 4] }, { start: 0, end: 1, bits: [4, 5] }, \
         { start: 0, end: 1, bits: [5, 7] }, { start: 0, end: 1, bits: [7, 8] }, \
         { start: 1, end: 2 }, { start: 1, end: 2, bits: [0, 1] }])",
    );
    assert_eq!(depths, "[0, 0, 0, 0, 0, 1]");

    // The same with the keyboard alone: the next arrow is the echo.
    page.browser.press("ArrowDown");
    page.wait(".opened-frame h2", "eco_server → eco_client");
    page.browser.press("Escape");
    let open = page
        .browser
        .run("document.querySelector('.opened-frame').hidden");
    assert_eq!(open, "true");
    // And as a table, without arrows.
    page.browser.press("t");
    page.wait(".diagram.table .message .from", "eco_client");
    // Each column under its head, from one edge to the other.
    let apart = page.browser.run(
        "['time', 'from', 'to', 'what', 'size'].filter((column) => {
            const [head, cell] = ['.heads', '.message'].map((row) => document
                .querySelector(`${row} > .${column}`).getBoundingClientRect());
            return head.left !== cell.left || head.right !== cell.right; })"
            .replace('\n', " ")
            .as_str(),
    );
    assert_eq!(apart, "[]");
    assert_eq!(page.browser.barriers(), "[]");
    assert_eq!(page.browser.errors(), "");
}

#[test]
fn control_c_and_control_d_as_keys() {
    let book = small_book();
    let mut page = book.play("eco_client");
    page.browser.click(".terminal:nth-child(2) input:enabled");
    page.browser.press("Control+d");
    page.wait_in(2, "terminou: 0");
    page.wait_for_arrow(".half_closed.left", "FIN");
    page.browser.click(".terminal:nth-child(1) input:enabled");
    page.browser.press("Control+c");
    page.wait_in(1, "^C");
    page.wait_in(1, "terminou: SIGINT");
    book.wait_until_alone();
}

#[test]
fn a_client_that_is_killed_shows_its_reset() {
    let book = small_book();
    let mut page = book.play("eco_client");
    page.type_in(2, "sai");
    page.wait_in(2, "A sair");
    page.press_in(2, "Matar");
    page.wait_in(2, "terminou: SIGKILL");
    page.wait_for_arrow(".reset.left", "ligação cortada (RST)");
    // The server goes on, for a client in a new terminal.
    page.press_in(2, "＋");
    page.type_in(3, "ainda cá");
    page.wait_in(3, "Eco: ainda cá");
    page.wait_for_arrow(".left", "«ainda cá»");
    page.wait_for_arrow(".right", "«ainda cá»");
    assert_eq!(
        page.arrows("ainda"),
        "[\"eco_client 2 → eco_server\", \"eco_server → eco_client 2\"]"
    );
}

#[test]
fn a_server_that_is_stopped_refuses_and_takes_again_when_it_is_back() {
    let book = small_book();
    let mut page = book.play("eco_client");
    page.press_in(1, "Ctrl-C");
    page.wait_in(1, "terminou: SIGINT");
    page.press_in(2, "Ctrl-C");
    page.wait_in(2, "terminou: SIGINT");
    page.press_in(2, "▶");
    page.wait_in(2, "Ninguém em 127.0.0.1:65432");
    page.wait_in(2, "terminou: 1");
    page.press_in(1, "▶");
    page.wait_in(1, "a correr");
    wait_until("the server is back", || {
        let server = page.browser.texts(".terminal:nth-child(1) .lines");
        server.matches("A escutar em 127.0.0.1:65432").count() == 2
    });
    page.press_in(2, "▶");
    page.type_in(2, "de volta");
    page.wait_in(2, "Eco: de volta");
}

#[test]
fn ten_thousand_messages_leave_the_page_at_ease() {
    let book = small_book();
    let mut page = book.play("eco_client");
    page.type_in(2, "muitas");
    page.wait_in(2, "Foram todas");
    // All of them are there, or it is said how many are not.
    let count = "(() => { const { rows, dropped } = stage.diagram; \
                 const gone = rows.filter((row) => row.kind === 'left_out') \
                 .reduce((sum, row) => sum + row.count, 0); \
                 return rows.filter((row) => row.kind === 'frame').length \
                 + gone + dropped; })()";
    wait_until("all are counted", || {
        let counted = page.browser.run(count);
        let counted: u32 = counted.parse().expect("a number");
        assert!(counted < 20_010, "{counted}");
        counted >= 20_000
    });
    // Few are in the page, and the keyboard still goes through them.
    let rows = page
        .browser
        .run("document.querySelectorAll('.message').length");
    assert!(rows.parse::<u32>().expect("a number") < 200, "{rows}");
    page.browser.click(".message.frame >> nth=-1");
    page.browser.press("Home");
    page.wait(".message.active", "");
    page.type_in(2, "e mais uma");
    page.wait_in(2, "Eco: e mais uma");
}

#[test]
fn a_page_runs_a_dozen_programs_and_no_more() {
    let book = small_book();
    let mut page = book.play("eco_client");
    for terminal in 3..=12 {
        // The others make room for it: a click meanwhile may miss its button.
        page.press_in(2, "＋");
        page.wait_in(terminal, "Ligado");
    }
    page.press_in(2, "＋");
    page.wait_in(13, "por iniciar");
    page.wait(".notice", "Já correm programas que cheguem");
    let programs = book.children();
    assert_eq!(programs.iter().filter(|name| *name != "cargo").count(), 12);
    // With a place free, there is one for it.
    page.press_in(2, "Matar");
    page.wait_in(2, "terminou: SIGKILL");
    page.press_in(13, "▶");
    page.wait_in(13, "Ligado");
}

#[test]
fn output_without_end_is_cut_and_what_is_missing_is_said() {
    let book = small_book();
    let mut page = book.play("eco_client");
    page.type_in(2, "sem fim");
    page.wait_in(2, "bytes por mostrar");
    let lines = page.browser.run(
        "document.querySelector('.terminal:nth-child(2) .lines')\
         .childElementCount",
    );
    assert!(lines.parse::<u32>().expect("a number") <= 1000, "{lines}");
    let memory = book.program.memory().expect("a running program");
    assert!(memory < 200 << 20, "{memory} bytes");
    // The page still takes a click, and the program an end.
    page.press_in(2, "Ctrl-C");
    page.wait_in(2, "terminou: SIGINT");
}

#[test]
fn a_change_is_what_runs_next_and_an_error_is_shown_as_cargo_shows_it() {
    let folder = small_workspace();
    let book = Book::of(folder.path());
    let mut page = book.play("eco_server");
    let main = folder
        .path()
        .join("crates/1_sockets/eco_client/src/main.rs");
    page.press_in(2, "Ctrl-C");
    page.wait_in(2, "terminou");
    write(&main, &CLIENT.replace("Ligado", "Ligado, e mudado"));
    page.press_in(2, "▶");
    page.wait_in(2, "Ligado, e mudado");
    page.press_in(2, "Ctrl-C");
    page.wait_in(2, "terminou");

    write(&main, "fn main() { nada }\n");
    page.press_in(2, "▶");
    page.wait(".terminal:nth-child(2) .lines .red", "error");
    page.wait_in(2, "cannot find value `nada`");
    page.wait_in(2, "não correu");
    // The book was made again meanwhile, but the page is still the same one.
    page.wait_in(1, "a correr");
}

#[test]
fn a_page_that_is_left_or_reloaded_ends_what_it_started() {
    let book = small_book();
    let mut first = book.play("eco_server");
    assert_eq!(book.children().len(), 2);
    first.browser.run("location.reload()");
    book.wait_until_alone();
    first.wait(".run button", "Correr");
    let mut first = first.play();
    first.wait_in(2, "Eco: olá");

    // Two pages do not disturb each other.
    let mut second = book.play("eco_server");
    assert_eq!(book.children().len(), 4);
    first.type_in(2, "da primeira");
    second.type_in(2, "da segunda");
    first.wait_in(2, "Eco: da primeira");
    second.wait_in(2, "Eco: da segunda");
    drop(first);
    wait_until("one page is left", || book.children().len() == 2);
    second.type_in(2, "ainda");
    second.wait_in(2, "Eco: ainda");
    drop(second);
    book.wait_until_alone();
}

#[test]
fn the_end_of_the_book_is_the_end_of_its_programs() {
    let folder = small_workspace();
    for signal in ["-INT", "-TERM", "-HUP", "-KILL"] {
        let mut book = Book::of(folder.path());
        let mut page = book.play("eco_server");
        let number = book.program.id().to_string();
        assert_eq!(programs_of(folder.path()).len(), 2);
        let sent = Command::new("kill").args([signal, &number]).status();
        assert!(sent.expect("kill").success());
        wait_until("the book has ended", || !book.program.is_running());
        let gone = || programs_of(folder.path()).is_empty();
        wait_until("its programs have ended", gone);
        page.wait(".notice", "O servidor da aula terminou");
    }
}

/// The programs that run now and were built in this folder.
fn programs_of(folder: &Path) -> Vec<String> {
    let listed = Command::new("ps")
        .args(["-A", "-o", "args="])
        .output()
        .expect("ps");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let target = folder.join("target").display().to_string();
    let lines = listed.lines().filter(|line| line.starts_with(&target));
    lines.map(str::to_string).collect()
}

/// Asks for a page's WebSocket as this header and this token would.
fn ask(book: &Book, host: &str, origin: &str, token: &str) -> String {
    let mut request = format!(
        "GET /live?lesson=eco_server&token={token} HTTP/1.1\r\nHost: {host}\r\n\
         Connection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    );
    if !origin.is_empty() {
        request += &format!("Origin: {origin}\r\n");
    }
    answer(book, &request)
}

/// The head of the answer to a request.
fn answer(book: &Book, request: &str) -> String {
    let mut stream = connect(book.program.address());
    let request = format!("{request}\r\n");
    stream.write_all(request.as_bytes()).expect("ask");
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n")
        && stream.read(&mut byte).is_ok_and(|n| n > 0)
    {
        head.extend_from_slice(&byte);
    }
    let mut body = vec![0; 32];
    if head.starts_with(b"HTTP/1.1 200") {
        stream.read_exact(&mut body).expect("the body");
        head.extend_from_slice(&body);
    }
    String::from_utf8_lossy(&head).into_owned()
}

fn token(book: &Book, host: &str) -> String {
    let request = format!("GET /live/token HTTP/1.1\r\nHost: {host}\r\n");
    let answer = answer(book, &request);
    match answer.starts_with("HTTP/1.1 200") {
        true => answer.rsplit("\r\n").next().unwrap_or_default().to_string(),
        false => String::new(),
    }
}

#[test]
fn no_other_page_can_start_anything() {
    let book = small_book();
    let host = book.url.trim_start_matches("http://");
    let token = token(&book, host);
    assert_eq!(token.len(), 32, "{token}");
    let own = &book.url;
    let allowed = ask(&book, host, own, &token);
    assert!(allowed.starts_with("HTTP/1.1 101"), "{allowed}");
    for (host, origin, token) in [
        // Another page, on the internet and on this machine.
        (host, "https://mal.example", token.as_str()),
        (host, "http://127.0.0.1:1", &token),
        (host, "null", &token),
        (host, "", &token),
        // No token, or another one.
        (host, own, ""),
        (host, own, "00000000000000000000000000000000"),
        // A name that was made to mean this machine (DNS rebinding).
        ("mal.example", "http://mal.example", &token),
        ("mal.example", own, &token),
    ] {
        let answer = ask(&book, host, origin, token);
        assert!(
            answer.starts_with("HTTP/1.1 403"),
            "{host} {origin} {answer}"
        );
    }
    assert_eq!(self::token(&book, "mal.example"), "", "a token");
    assert_eq!(book.children(), Vec::<String>::new());
}

#[test]
fn other_machines_run_nothing() {
    let folder = small_workspace();
    let mut command = lesson("lecture");
    command.arg("0.0.0.0:0").current_dir(folder.path());
    let program = Program::start(&mut command);
    let url = format!("http://127.0.0.1:{}", program.address().port());
    let book = Book { program, url };
    let host = book.url.trim_start_matches("http://").to_string();
    let request = format!("GET /live/token HTTP/1.1\r\nHost: {host}\r\n");
    let mut stream =
        std::net::TcpStream::connect(host.as_str()).expect("connect");
    stream
        .write_all(format!("{request}Connection: close\r\n\r\n").as_bytes())
        .expect("ask");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the answer");
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
}

#[test]
fn a_written_site_plays_what_was_recorded() {
    let folder = small_workspace();
    let site = tempfile::tempdir().expect("a folder");
    let mut command = lesson("lecture");
    command
        .args(["build", "--record"])
        .arg(site.path())
        .current_dir(folder.path());
    let finished =
        Program::start(&mut command).finish_within(Duration::from_secs(120));
    assert!(finished.status.success(), "{finished:?}");
    let page = site.path().join("eco_server.html");
    let mut browser = Browser::open(&format!("file://{}", page.display()));
    browser.wait_for(&inside(".run button"), "Ver a correr");
    browser.press("r");
    browser.wait_for(".terminal:nth-child(2)", "Eco: olá");
    browser.wait_for(".message.left", "«olá»");
    browser.wait_for(".message.right", "«olá»");
    browser.wait_for(".terminal:nth-child(1)", "terminou: SIGINT");
    assert_eq!(browser.errors(), "");
}

#[test]
fn a_written_site_without_recordings_has_nothing_to_run_and_asks_nobody() {
    let folder = small_workspace();
    let site = tempfile::tempdir().expect("a folder");
    let mut command = lesson("lecture");
    command
        .arg("build")
        .arg(site.path())
        .current_dir(folder.path());
    let finished = Program::start(&mut command).finish();
    assert!(finished.status.success(), "{finished:?}");
    let page = site.path().join("eco_server.html");
    let mut browser = Browser::open(&format!("file://{}", page.display()));
    let hidden = browser.run("document.querySelector('.run').hidden");
    assert_eq!(hidden, "true");
    let requests = browser.requests();
    assert!(requests.contains("live/live.js"), "{requests}");
    assert!(!requests.contains("token"), "{requests}");
}

#[test]
fn the_page_can_be_used_by_everyone_in_every_size() {
    let book = small_book();
    let mut page = book.play("eco_server");
    page.browser.click(".message.frame");
    for (width, height, scheme) in [
        (1280, 720, "light"),
        (1280, 720, "dark"),
        (390, 844, "light"),
        (390, 844, "dark"),
    ] {
        page.browser.view(width, height, scheme);
        assert_eq!(page.browser.barriers(), "[]", "{width} {scheme}");
        let sideways = page
            .browser
            .run("document.querySelector('.stage').scrollWidth > innerWidth");
        assert_eq!(sideways, "false", "{width}");
    }
    // On a projector all of it is in sight at once.
    page.browser.view(1280, 720, "light");
    let outside = page.browser.run(
        "[...document.querySelectorAll('.terminal, .diagram, .opened-frame')]
            .filter((part) => { const box = part.getBoundingClientRect();
                return box.height < 90 || box.top < 0
                    || box.bottom > innerHeight + 1; }).length"
            .replace('\n', " ")
            .as_str(),
    );
    assert_eq!(outside, "0");
}

/// The book of this workspace. Its lessons are built as the page will: the
/// first time takes longer than a browser waits.
fn real_book() -> Book {
    static BUILT: Once = Once::new();
    BUILT.call_once(|| {
        let lessons = [
            "ws_chat_server",
            "ws_chat_client",
            "ws_chat_page",
            "mqtt_broker",
            "mqtt_subscriber",
        ];
        let built = Build::new(lessons.map(Target::Bin))
            .as_in_the_whole_workspace()
            .quietly()
            .run();
        built.unwrap_or_else(|error| panic!("build the lessons: {error:?}"));
    });
    Book::of(&workspace())
}

#[test]
fn a_lesson_speaks_its_protocol() {
    let book = real_book();
    let mut page = book.play("ws_chat_server");
    for (kind, text) in [
        (".left", "GET /"),
        (".right", "101 Switching Protocols"),
        (".left", "Text"),
    ] {
        page.wait_for_arrow(&format!(".frame{kind}"), text);
    }
}

#[test]
fn a_subscriber_returns_to_a_broker_that_is_stopped_and_started() {
    let book = real_book();
    let mut page = book.play("mqtt_subscriber");
    for text in ["CONNECT", "CONNACK 0", "SUBSCRIBE", "SUBACK"] {
        page.wait_for_arrow(".frame", text);
    }
    page.press_in(1, "Ctrl-C");
    page.wait_in(2, "Ligação perdida.");
    page.press_in(1, "▶");
    // By itself, and it asks for its topic again.
    wait_until("the subscriber is back", || {
        let lines = page.browser.texts(".terminal:nth-child(2) .lines");
        lines.matches("Ligado com o código de resultado 0").count() == 2
    });
    wait_until("it has its topic", || {
        let lines = page.browser.texts(".terminal:nth-child(1) .lines");
        lines.matches("subscreve myhome/").count() == 2
    });
    assert_eq!(page.browser.errors(), "");
}

#[test]
fn a_page_asks_for_nothing_beyond_this_machine() {
    let book = real_book();
    // With the lesson's own page in a frame, and its WebSocket.
    let mut page = book.open("ws_chat_page");
    page.browser.press("r");
    page.wait_for_arrow(".frame.right", "200 OK");
    page.wait_for_arrow(".frame.right", "101 Switching Protocols");
    page.browser.click(".message.frame");
    page.wait(".opened-frame .about a", "Ver no livro");
    let requests = page.browser.requests();
    let requests: Vec<String> =
        serde_json::from_str(&requests).expect("a list");
    let is_here = |address: &String| {
        ["http://127.0.0.1:", "ws://127.0.0.1:", "data:"]
            .iter()
            .any(|start| address.starts_with(start))
    };
    for start in [&book.url, "ws://"] {
        assert!(requests.iter().any(|one| one.starts_with(start)), "{start}");
    }
    let elsewhere: Vec<&String> = requests
        .iter()
        .filter(|address| !is_here(address))
        .collect();
    assert_eq!(elsewhere, Vec::<&String>::new());

    // Nor could its scripts, not even of another port.
    let refused = page.browser.run(
        "new Promise((done) => { addEventListener('securitypolicyviolation', \
         (event) => done(event.effectiveDirective)); \
         try { new WebSocket('ws://127.0.0.1:1') } catch { } })",
    );
    assert_eq!(refused, "\"connect-src\"");
}
