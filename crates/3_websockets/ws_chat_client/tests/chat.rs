//! The terminal client against good servers and bad ones.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use testkit::{DEADLINE, Finished, Program, lesson, peer, unused_address};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Message, WebSocket, accept};

/// At once: what a person does not notice as a wait, on a machine that is
/// busy.
const AT_ONCE: Duration = Duration::from_secs(1);

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

/// A server for one client.
struct Server {
    listener: TcpListener,
    url: String,
}

impl Server {
    fn new() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("listen");
        let address = listener.local_addr().expect("an address");
        Server {
            listener,
            url: format!("ws://{address}"),
        }
    }

    fn stream(&self) -> TcpStream {
        let (stream, _) = self.listener.accept().expect("accept");
        stream
            .set_read_timeout(Some(DEADLINE))
            .expect("a time limit");
        stream
    }

    /// The client, and its connection once it is in the conversation.
    fn client(&self) -> (Program, WebSocket<TcpStream>) {
        let client = Program::start(lesson("ws_chat_client").arg(&self.url));
        let socket = accept(self.stream()).expect("a WebSocket");
        client.wait_for("Ligado ao servidor\n");
        (client, socket)
    }

    /// What the client reports of its end: this reason.
    fn ended(&self, reason: &str) -> String {
        ended(&self.url, reason)
    }
}

fn ended(url: &str, reason: &str) -> String {
    format!(
        "Sem conversa com {url} ({reason}). Veja se o servidor está a correr, \
         noutro terminal: cargo run -p ws_chat_server"
    )
}

fn text(socket: &mut WebSocket<TcpStream>) -> String {
    match socket.read().expect("a message") {
        Message::Text(text) => text.to_string(),
        other => panic!("a text was expected, not {other:?}"),
    }
}

/// Reads the client's goodbye, answers it, and hangs up.
fn goodbye(mut socket: WebSocket<TcpStream>) {
    assert_eq!(socket.read().expect("a goodbye"), Message::Close(None));
    while socket.read().is_ok() {}
}

fn assert_ended_well(finished: &Finished, stdout: &str) {
    assert!(finished.status.success(), "{finished:?}");
    assert_eq!(finished.stdout, stdout);
    assert_eq!(finished.stderr, "");
}

#[test]
fn reads_and_prints_at_the_same_time() {
    let server = Server::new();
    let (mut client, mut socket) = server.client();
    client.type_line("olá, 世界");
    assert_eq!(text(&mut socket), "olá, 世界");
    // Two at once, while nothing is typed; one is in two lines.
    socket.write(Message::text("[1]: um")).expect("send");
    socket.send(Message::text("[2]: dois\ntrês")).expect("send");
    client.wait_for("Servidor: [1]: um\nServidor: [2]: dois\ntrês\n");
    client.type_line("");
    client.type_line("fim");
    assert_eq!(text(&mut socket), "");
    assert_eq!(text(&mut socket), "fim");
    client.end_input();
    goodbye(socket);
    assert_ended_well(
        &client.finish_within(AT_ONCE),
        "Ligado ao servidor\nServidor: [1]: um\nServidor: [2]: dois\ntrês\n\
         Desligado\n",
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_says_goodbye_at_once() {
    let server = Server::new();
    let (mut client, mut socket) = server.client();
    // Once it speaks, it also heeds Ctrl-C.
    client.type_line("olá");
    assert_eq!(text(&mut socket), "olá");
    client.interrupt();
    goodbye(socket);
    assert_ended_well(
        &client.finish_within(AT_ONCE),
        "Ligado ao servidor\nDesligado\n",
    );
}

/// A server that does not read: what is typed waits for it, and so does the
/// goodbye. Who presses Ctrl-C again does not.
#[cfg(unix)]
#[test]
fn second_ctrl_c_ends_it_at_once() {
    let server = Server::new();
    let (mut client, mut socket) = server.client();
    socket.send(Message::text("olá")).expect("send");
    client.wait_for("Servidor: olá\n");
    client.type_line(&"x".repeat(32 << 20));
    let start = Instant::now();
    while client.is_running() {
        client.interrupt();
        assert!(start.elapsed() < AT_ONCE, "it still says goodbye");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Where what it prints goes to nobody, it ends.
#[test]
fn closed_output() {
    let server = Server::new();
    let mut kept = None;
    thread::scope(|scope| {
        let accepting =
            scope.spawn(|| accept(server.stream()).expect("a WebSocket"));
        let mut command = lesson("ws_chat_client");
        testkit::ends_when_cut_short(command.arg(&server.url), |_| {
            let mut socket = accepting.join().expect("the server");
            socket.send(Message::text("olá")).expect("send");
            kept = Some(socket);
        });
    });
}

/// All that was typed before Ctrl-D goes out before the goodbye.
#[test]
fn a_whole_file_as_input() {
    let server = Server::new();
    let (mut client, mut socket) = server.client();
    let lines: Vec<String> = (0..500).map(|i| format!("linha {i}")).collect();
    client.type_line(&lines.join("\n"));
    client.end_input();
    for line in &lines {
        assert_eq!(text(&mut socket), *line);
    }
    goodbye(socket);
    assert!(client.finish_within(AT_ONCE).status.success());
}

/// The server does not answer the goodbye: the client does not wait long.
#[test]
fn goodbye_without_an_answer() {
    let server = Server::new();
    let (mut client, socket) = server.client();
    client.end_input();
    let finished = client.finish_within(3 * AT_ONCE);
    assert_ended_well(&finished, "Ligado ao servidor\nDesligado\n");
    drop(socket);
}

#[test]
fn server_that_says_goodbye() {
    let server = Server::new();
    for (frame, reason) in [
        (None, "saiu sem dizer porquê"),
        (Some((1001, "vou almoçar")), "vou almoçar (1001)"),
        (Some((1008, "não lê")), "não lê (1008)"),
    ] {
        let (client, mut socket) = server.client();
        let frame = frame.map(|(code, reason): (u16, &str)| CloseFrame {
            code: code.into(),
            reason: reason.into(),
        });
        socket.close(frame.clone()).expect("say goodbye");
        // The client answers with the same.
        assert_eq!(socket.read().expect("an answer"), Message::Close(frame));
        drop(socket);
        assert_lost(&client.finish(), &server.ended(reason));
    }
}

#[test]
fn server_that_vanishes() {
    let server = Server::new();
    let (client, socket) = server.client();
    drop(socket);
    assert_lost(
        &client.finish_within(AT_ONCE),
        &server.ended("saiu sem dizer porquê"),
    );
}

#[test]
fn server_that_is_killed_while_the_client_types() {
    let mut server = Program::server("ws_chat_server");
    let url = format!("ws://{}", server.address());
    let mut client = Program::start(lesson("ws_chat_client").arg(&url));
    client.wait_for("Ligado ao servidor\n");
    client.type_line("olá");
    server.wait_for(": olá\n");
    server.kill();
    let finished = client.finish_within(AT_ONCE);
    assert_lost(&finished, &ended(&url, "[..]"));
}

/// What is typed is too long for the server, which says so.
#[test]
fn line_over_one_mebibyte() {
    let server = Program::server("ws_chat_server");
    let url = format!("ws://{}", server.address());
    let mut client = Program::start(lesson("ws_chat_client").arg(&url));
    client.wait_for("Ligado ao servidor\n");
    client.type_line(&"x".repeat((1 << 20) + 1));
    assert_lost(&client.finish(), &ended(&url, "mais de 1 MiB (1009)"));
}

/// One line on stderr, exit status 1, and no «Desligado».
fn assert_lost(finished: &Finished, expected: &str) {
    assert_eq!(finished.stdout, "Ligado ao servidor\n", "{finished:?}");
    Finished {
        stdout: String::new(),
        stderr: finished.stderr.clone(),
        ..*finished
    }
    .assert_fails_with(expected);
}

#[test]
fn no_server() {
    let (address, _streams) = unused_address();
    let nobody = format!("ws://{address}");
    for wrong in [nobody.as_str(), "banana", "127.0.0.1:8765", "http://[", ""] {
        refused(wrong);
    }
}

fn refused(url: &str) {
    Program::start(lesson("ws_chat_client").arg(url))
        .finish()
        .assert_fails_with(&ended(url, "[..]"));
}

/// A server that is not one: it answers something else, or nothing at all.
#[test]
fn no_websocket_server() {
    for answer in ["HTTP/1.1 404 Not Found\r\n\r\n", "banana\r\n\r\n", ""] {
        let server = Server::new();
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut stream = server.stream();
                let mut request = [0; 4096];
                let count = stream.read(&mut request).expect("a request");
                assert!(request[..count].starts_with(b"GET / HTTP/1.1\r\n"));
                stream.write_all(answer.as_bytes()).expect("answer");
            });
            refused(&server.url);
        });
    }
    // This one leaves the connection open, and the request unanswered.
    let server = Server::new();
    refused(&server.url);
}

#[test]
fn python_server() {
    let server = Program::start(&mut peer("ws_chat_server.py"));
    let url = format!("ws://{}", server.address());
    let mut clients = [(); 2].map(|()| {
        let client = Program::start(lesson("ws_chat_client").arg(&url));
        client.wait_for("Ligado ao servidor\n");
        client
    });
    let lines = server.wait_for_lines(3);
    assert!(lines[1].starts_with("Cliente ligado: "), "{lines:?}");
    clients[0].type_line("olá");
    clients[1].wait_for("]: olá\n");
    for mut client in clients {
        client.end_input();
        let finished = client.finish_within(AT_ONCE);
        assert!(finished.stdout.ends_with("Desligado\n"), "{finished:?}");
        assert!(finished.status.success());
    }
    let lines = server.wait_for_lines(6);
    assert_eq!(lines[4..], ["Cliente desligado: 1005"; 2]);
}
