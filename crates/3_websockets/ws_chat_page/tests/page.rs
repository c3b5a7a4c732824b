//! The page in a real browser.

use std::io::{Read, Write};
use std::time::Duration;

use testkit::{Browser, Program, connect, lesson, peer};

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

fn url_of(server: &Program) -> String {
    format!("ws://{}", server.address())
}

/// The page as the program serves it, in conversation with this server.
fn open(page: &Program, server: &Program) -> Browser {
    let mut browser = Browser::open(&format!(
        "http://{}/?ws={}",
        page.address(),
        url_of(server)
    ));
    browser.wait_for("#status.connected", "Ligado ao servidor");
    browser
}

/// How the server calls the client that joined last: its port.
fn last_joined(server: &Program) -> String {
    let output = server.output();
    let (_, joined) = output
        .rsplit_once("Cliente ligado: 127.0.0.1:")
        .expect("one");
    joined.lines().next().expect("a port").to_string()
}

/// The browser, the Rust client and Python's library in one room.
#[test]
fn one_room() {
    let server = Program::server("ws_chat_server");
    let page = Program::server("ws_chat_page");
    let mut browser = open(&page, &server);
    server.wait_for_lines(2);
    let browser_port = last_joined(&server);
    let mut rust =
        Program::start(lesson("ws_chat_client").arg(url_of(&server)));
    rust.wait_for("Ligado ao servidor\n");
    server.wait_for_lines(3);
    let rust_port = last_joined(&server);
    let mut python =
        Program::start(peer("ws_chat_client.py").arg(url_of(&server)));
    python.wait_for("Ligado ao servidor\n");
    server.wait_for_lines(4);
    let python_port = last_joined(&server);

    // With the Enter key: the focus is in the box from the start.
    browser.type_text("olá do browser");
    browser.press("Enter");
    rust.wait_for(&format!("Servidor: [{browser_port}]: olá do browser\n"));
    python.wait_for(&format!("[{browser_port}]: olá do browser\n"));

    // With the button; afterwards the next text can be typed at once.
    browser.type_text("e com o rato");
    browser.click("#sendButton");
    rust.wait_for(&format!("Servidor: [{browser_port}]: e com o rato\n"));
    browser.type_text("sem clicar na caixa");
    browser.press("Enter");
    python.wait_for(&format!("[{browser_port}]: sem clicar na caixa\n"));

    // An empty box sends nothing.
    browser.press("Enter");
    browser.click("#sendButton");

    rust.type_line("olá do terminal");
    browser.wait_for("li", "olá do terminal");
    python.wait_for(&format!("[{rust_port}]: olá do terminal\n"));
    python.type_line("olá de Python");
    browser.wait_for("li", "olá de Python");
    rust.wait_for(&format!("Servidor: [{python_port}]: olá de Python\n"));

    assert_eq!(
        browser.texts("#messages li"),
        format!(
            "[\"Cliente: olá do browser\", \"Cliente: e com o rato\", \
             \"Cliente: sem clicar na caixa\", \
             \"Servidor: [{rust_port}]: olá do terminal\", \
             \"Servidor: [{python_port}]: olá de Python\"]"
        )
    );
    server.wait_for(": olá de Python\n");
    assert_eq!(server.output().matches("Recebido").count(), 5);
    assert_eq!(browser.errors(), "");

    // Closing the browser closes its conversation, and no other.
    drop(browser);
    let gone = format!("Cliente desligado: 127.0.0.1:{browser_port}\n");
    server.wait_for(&gone);
    rust.type_line("ainda cá estás?");
    python.wait_for(&format!("[{rust_port}]: ainda cá estás?\n"));
}

/// No server at the start, then one, then a goodbye, a sudden death, and each
/// time a server again.
#[test]
fn connects_again_by_itself() {
    let mut server = Program::server("ws_chat_server");
    let url = url_of(&server);
    let again = || {
        let address = url.strip_prefix("ws://").expect("a URL");
        let server = Program::start(lesson("ws_chat_server").arg(address));
        server.address();
        server
    };
    server.kill();
    let page = Program::server("ws_chat_page");
    let mut browser =
        Browser::open(&format!("http://{}/?ws={url}", page.address()));
    browser.wait_for("#status", &format!("Desligado de {url}. Nova tentativa"));
    browser.wait_for("button:disabled", "Enviar");

    // What is typed meanwhile stays in the box.
    browser.type_text("cedo de mais");
    browser.press("Enter");
    let mut server = again();
    browser.wait_for("#status.connected", &format!("Ligado ao servidor {url}"));
    assert_eq!(browser.texts("#messages li"), "[]");
    browser.press("Enter");
    server.wait_for(": cedo de mais\n");

    if cfg!(unix) {
        server.interrupt();
        browser.wait_for("#status", &format!("Desligado de {url}. Nova"));
        server.finish();
        server = again();
        browser.wait_for("#status.connected", "Ligado ao servidor");
    }

    server.kill();
    browser.wait_for("#status", "Nova tentativa dentro de");
    server = again();
    browser.wait_for("#status.connected", "Ligado ao servidor");
    browser.type_text("cá estou");
    browser.press("Enter");
    server.wait_for(": cá estou\n");
    assert_eq!(browser.errors(), "");
}

/// The file opened from the disk, and which server each page looks for.
#[test]
fn from_the_disk_and_with_other_servers() {
    let server = Program::server("ws_chat_server");
    let file = std::env::current_dir().expect("here").join("chat.html");
    let file = format!("file://{}", file.display());
    let mut browser = Browser::open(&format!("{file}?ws={}", url_of(&server)));
    browser.wait_for("#status.connected", "Ligado ao servidor");
    browser.type_text("olá do disco");
    browser.press("Enter");
    server.wait_for(": olá do disco\n");

    let page = Program::server("ws_chat_page");
    let port = page.address().port();
    for (address, expected) in [
        (file.clone(), "ws://127.0.0.1:8765"),
        (format!("http://localhost:{port}"), "ws://localhost:8765"),
        (
            format!("{file}?ws=banana"),
            "banana não é o endereço de um WebSocket",
        ),
    ] {
        let mut browser = Browser::open(&address);
        browser.wait_for("#status", expected);
        assert_eq!(browser.errors(), "");
    }
}

/// What others write is text, whatever it looks like.
#[test]
fn text_is_never_html() {
    let server = Program::server("ws_chat_server");
    let page = Program::server("ws_chat_page");
    let mut browser = open(&page, &server);
    let mut other =
        Program::start(lesson("ws_chat_client").arg(url_of(&server)));
    other.wait_for("Ligado ao servidor\n");
    let hostile = "<img src=x onerror=\"document.title='mau'\">";
    other.type_line(hostile);
    browser.wait_for("li", hostile);
    browser.type_text("<b>negrito</b>");
    browser.press("Enter");
    browser.wait_for("li", "<b>negrito</b>");
    assert_eq!(browser.run("messages.querySelectorAll('li *').length"), "0");
    assert_eq!(browser.run("document.title"), "\"Conversa por WebSocket\"");
}

/// A reader who scrolled up stays there; who is at the end sees the newest.
/// The list does not grow without limit.
#[test]
fn a_long_conversation() {
    let server = Program::server("ws_chat_server");
    let page = Program::server("ws_chat_page");
    let mut browser = open(&page, &server);
    let mut other =
        Program::start(lesson("ws_chat_client").arg(url_of(&server)));
    for index in 0..600 {
        other.type_line(&format!("mensagem {index}."));
    }
    browser.wait_for("li", "mensagem 599.");
    assert_eq!(browser.run("messages.childElementCount"), "500");
    let to_end = "log.scrollHeight - log.scrollTop - log.clientHeight < 2";
    assert_eq!(browser.run(to_end), "true");
    browser.run("log.scrollTop = 0");
    other.type_line("fim.");
    browser.wait_for("li", "]: fim.");
    assert_eq!(browser.run("log.scrollTop"), "0");
}

/// By keyboard alone, and as a screen reader is told.
#[test]
fn keyboard_and_screen_reader() {
    let server = Program::server("ws_chat_server");
    let page = Program::server("ws_chat_page");
    let mut browser = open(&page, &server);
    let focus = |browser: &mut Browser, key| {
        browser.press(key);
        browser.run("document.activeElement.id")
    };
    assert_eq!(browser.run("document.activeElement.id"), "\"messageBox\"");
    assert_eq!(focus(&mut browser, "Tab"), "\"sendButton\"");
    assert_eq!(focus(&mut browser, "Shift+Tab"), "\"messageBox\"");
    assert_eq!(focus(&mut browser, "Shift+Tab"), "\"log\"");
    assert_eq!(focus(&mut browser, "Tab"), "\"messageBox\"");
    browser.type_text("olá");
    assert_eq!(focus(&mut browser, "Tab"), "\"sendButton\"");
    assert_eq!(focus(&mut browser, "Enter"), "\"messageBox\"");
    server.wait_for(": olá\n");

    let outline = browser.outline("body");
    for part in [
        "heading \\\"Conversa por WebSocket\\\" [level=1]",
        "status: ● Ligado ao servidor ws://127.0.0.1:",
        "log \\\"Mensagens\\\"",
        "listitem: \\\"Cliente: olá\\\"",
        "textbox \\\"Mensagem\\\"",
        "button \\\"Enviar\\\"",
    ] {
        assert!(outline.contains(part), "no {part} in {outline}");
    }
    assert_eq!(browser.run("document.documentElement.lang"), "\"pt-PT\"");
}

/// On a phone and on a projector, light and dark: everything is within the
/// window, large enough, and can be told from what is behind it.
#[test]
fn phone_and_projector() {
    let mut server = Program::server("ws_chat_server");
    let page = Program::server("ws_chat_page");
    let mut browser = open(&page, &server);
    let mut other =
        Program::start(lesson("ws_chat_client").arg(url_of(&server)));
    other.type_line(&"umapalavrasemfim".repeat(40));
    browser.wait_for("li", "umapalavrasemfim");
    browser.type_text("olá");
    browser.press("Enter");
    let check = |browser: &mut Browser| {
        for (width, height) in [(390, 844), (1920, 1080), (320, 480)] {
            for scheme in ["light", "dark"] {
                browser.view(width, height, scheme);
                let at = format!("{width}x{height} {scheme}");
                let scrolls = "document.documentElement.scrollWidth > \
                               innerWidth || document.documentElement\
                               .scrollHeight > innerHeight";
                assert_eq!(browser.run(scrolls), "false", "{at}");
                let button = "sendButton.getBoundingClientRect().height";
                let height: f64 =
                    browser.run(button).parse().expect("a number");
                assert!(height >= 40.0, "{at}: a button of {height}");
                assert_eq!(browser.barriers(), "[]", "{at}");
            }
        }
    };
    check(&mut browser);
    let size = "parseFloat(getComputedStyle(messageBox).fontSize) >= 16";
    assert_eq!(browser.run(size), "true");
    let dark = "getComputedStyle(document.body).backgroundColor";
    assert_eq!(browser.run(dark), "\"rgb(20, 23, 27)\"");

    // And while it is disconnected.
    server.kill();
    browser.wait_for("button:disabled", "Enviar");
    check(&mut browser);
}

/// What the program answers, byte by byte.
#[test]
fn over_http() {
    let page = Program::server("ws_chat_page");
    let ask = |path: &str| {
        let mut stream = connect(page.address());
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("send");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    };
    let html = std::fs::read_to_string("chat.html").expect("the page");
    let answer = ask("/?ws=ws://127.0.0.1:1");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("content-type: text/html; charset=utf-8"));
    assert!(body == html, "another page");
    assert!(ask("/nada").starts_with("HTTP/1.1 404 Not Found\r\n"));

    // Nothing comes from elsewhere: the room has no internet.
    for outside in ["http://", "https://", "src=", "url(", "@import"] {
        assert!(!html.contains(outside), "{outside}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_at_once() {
    use std::os::unix::process::ExitStatusExt;
    let mut page = Program::server("ws_chat_page");
    let _browser = Browser::open(&format!("http://{}", page.address()));
    page.interrupt();
    let finished = page.finish_within(Duration::from_secs(2));
    assert_eq!(finished.status.signal(), Some(2), "{finished:?}");
    assert_eq!(finished.stderr, "");
}

#[test]
fn address_refused() {
    testkit::refuses_addresses("ws_chat_page", "127.0.0.1:8081");
}
