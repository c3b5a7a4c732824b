//! What a room promises.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use testkit::{Program, connect, lesson, peer};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::{Client, Friends};

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

#[test]
fn everybody_else_hears() {
    let server = Program::server("ws_chat_server");
    let mut speaker = Client::join(&server);
    let mut others = [Client::join(&server), Client::join(&server)];
    speaker.say("oi");
    for other in &mut others {
        assert_eq!(other.hear(), speaker.heard("oi"));
    }
    // The speaker gets no copy: the first that it hears is another's.
    others[0].say("olá, 世界");
    assert_eq!(speaker.hear(), others[0].heard("olá, 世界"));

    let names = [speaker.name(), others[0].name(), others[1].name()];
    let [speaker, first, second] = &names;
    let lines = server.wait_for_lines(6);
    assert_eq!(
        lines[1..],
        [
            format!("Cliente ligado: {speaker}"),
            format!("Cliente ligado: {first}"),
            format!("Cliente ligado: {second}"),
            format!("Recebido de {speaker}: oi"),
            format!("Recebido de {first}: olá, 世界"),
        ]
    );
}

#[test]
fn every_kind_of_text() {
    let server = Program::server("ws_chat_server");
    let Friends(mut speaker, mut other) = Friends::join(&server);
    let largest = "é".repeat(1 << 19); // 1 MiB
    for text in ["", "\0", "duas\nlinhas", "🦀", &largest] {
        speaker.say(text);
        let heard = other.hear();
        assert!(heard == speaker.heard(text), "«{text:.20}» changed");
    }
}

/// The frame of RFC 6455, with a mask of zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).expect("a short payload");
    assert!(length < 126);
    let mut frame = vec![first, 0x80 | length, 0, 0, 0, 0];
    frame.extend(payload);
    frame
}

#[test]
fn one_byte_at_a_time() {
    let server = Program::server("ws_chat_server");
    let Friends(mut speaker, mut other) = Friends::join(&server);
    for byte in frame(0x81, "olá".as_bytes()) {
        speaker.socket.get_mut().write_all(&[byte]).expect("send");
    }
    assert_eq!(other.hear(), speaker.heard("olá"));
}

/// A text in fragments, cut within a character, a ping between them, and the
/// next message in the same piece.
#[test]
fn fragments_and_joined_messages() {
    let server = Program::server("ws_chat_server");
    let Friends(mut speaker, mut other) = Friends::join(&server);
    let bytes = [
        frame(0x01, b"ol\xc3"),
        frame(0x89, b"ping"),
        frame(0x80, b"\xa1"),
        frame(0x81, b"depois"),
    ]
    .concat();
    speaker.socket.get_mut().write_all(&bytes).expect("send");
    assert_eq!(other.hear(), speaker.heard("olá"));
    assert_eq!(other.hear(), speaker.heard("depois"));
    let pong = speaker.socket.read().expect("a pong");
    assert_eq!(pong, Message::Pong("ping".into()));
}

#[test]
fn who_closes_politely_closes_nobody_else() {
    let server = Program::server("ws_chat_server");
    let mut friends = Friends::join(&server);
    for frame in [
        None,
        Some(CloseFrame {
            code: 1000.into(),
            reason: "adeus".into(),
        }),
    ] {
        let mut leaver = Client::join(&server);
        leaver.socket.close(frame.clone()).expect("say goodbye");
        let reply = leaver.socket.read().expect("the server's goodbye");
        assert_eq!(reply, Message::Close(frame));
        server.wait_for(&format!("Cliente desligado: {}\n", leaver.name()));
        friends.talk();
    }
    assert_eq!(server.errors(), "");
}

/// Clients that vanish: with a reset, with half a message, killed while the
/// others talk. Each is told to have gone, once.
#[test]
fn who_vanishes_disturbs_nobody() {
    let server = Program::server("ws_chat_server");
    let mut friends = Friends::join(&server);
    let mut gone = Vec::new();

    // Closed with a message unread: that sends a reset.
    let reset = Client::join(&server);
    friends.talk();
    let mut byte = [0];
    reset.socket.get_ref().peek(&mut byte).expect("a message");
    gone.push(reset.name());
    drop(reset);
    friends.talk();

    let mut half = Client::join(&server);
    let cut = &frame(0x81, b"cortada ao meio")[..9];
    half.socket.get_mut().write_all(cut).expect("send a part");
    gone.push(half.name());
    drop(half);
    friends.talk();

    for name in &gone {
        let line = format!("Cliente desligado: {name}\n");
        server.wait_for(&line);
        assert_eq!(server.output().matches(&line).count(), 1);
        server.wait_for_error(&format!("Conversa com {name} interrompida"));
    }

    let url = format!("ws://{}", server.address());
    for visit in 0..5 {
        let mut killed = Program::start(lesson("ws_chat_client").arg(&url));
        killed.wait_for("Ligado ao servidor");
        friends.0.say(&format!("visita {visit}"));
        friends.1.hear();
        server.wait_for(&format!(": visita {visit}\n"));
        let output = server.output();
        let (_, joined) = output.rsplit_once("Cliente ligado: ").expect("one");
        let name = joined.lines().next().expect("a name");
        killed.kill();
        friends.talk();
        server.wait_for(&format!("Cliente desligado: {name}\n"));
    }
}

/// Forty clients come and go, by the door and through the window, while one
/// talks without a pause; another one hears every word, in order.
#[test]
fn coming_and_going_during_a_broadcast() {
    let server = Program::server("ws_chat_server");
    let Friends(mut speaker, mut listener) = Friends::join(&server);
    let quiet = AtomicBool::new(false);
    let visitors = thread::scope(|scope| {
        scope.spawn(|| {
            let mut said = 0;
            while !quiet.load(Ordering::Relaxed) {
                speaker.say(&said.to_string());
                said += 1;
            }
            speaker.say("fim");
        });
        let visiting = scope.spawn(|| {
            let visit = |index| {
                let mut visitor = Client::connect(&server);
                visitor.hear();
                if index % 2 == 0 {
                    visitor.socket.close(None).expect("say goodbye");
                }
                visitor.name()
            };
            let visitors: Vec<String> = (0..40).map(visit).collect();
            quiet.store(true, Ordering::Relaxed);
            visitors
        });
        let mut expected = 0;
        loop {
            let heard = listener.hear();
            let (_, text) = heard.split_once(": ").expect("who and what");
            if text == "fim" {
                break;
            }
            assert_eq!(text, expected.to_string());
            expected += 1;
        }
        visiting.join().expect("the visitors")
    });
    for name in visitors {
        let line = format!("Cliente desligado: {name}\n");
        server.wait_for(&line);
        assert_eq!(server.output().matches(&line).count(), 1);
    }
}

#[test]
fn python_client() {
    let server = Program::server("ws_chat_server");
    let mut other = Client::join(&server);
    let url = format!("ws://{}", server.address());
    let mut python = Program::start(peer("ws_chat_client.py").arg(url));
    let line = server.wait_for_lines(3).remove(2);
    let name = line.strip_prefix("Cliente ligado: ").expect("a client");
    let (_, port) = name.rsplit_once(':').expect("a port");

    python.type_line("olá de Python");
    assert_eq!(other.hear(), format!("[{port}]: olá de Python"));
    other.say("olá de Rust");
    python.wait_for(&other.heard("olá de Rust"));
    python.end_input();
    python.wait_for("Desligado: 1000 ");
    server.wait_for(&format!("Cliente desligado: {name}\n"));
    assert_eq!(server.errors(), "");
}

/// One client is idle, one never reads, one has not asked for a WebSocket yet:
/// the first is told, and Ctrl-C waits for none.
#[cfg(unix)]
#[test]
fn ctrl_c_says_goodbye() {
    let mut server = Program::server("ws_chat_server");
    let mut idle = Client::join(&server);
    let _deaf = Client::join(&server);
    let _silent = connect(server.address());
    let long = "x".repeat(1 << 16);
    for _ in 0..200 {
        idle.say(&long);
    }
    server.interrupt();
    idle.sees_goodbye();
    let finished = server.finish_within(Duration::from_secs(4));
    assert_eq!(finished.status.code(), Some(0), "{}", finished.stderr);
    let line = format!("Cliente desligado: {}\n", idle.name());
    assert_eq!(finished.stdout.matches(&line).count(), 1);
}

/// A client that does not answer the goodbye: Ctrl-C again, and that is that.
#[cfg(unix)]
#[test]
fn second_ctrl_c_ends_it_at_once() {
    let mut server = Program::server("ws_chat_server");
    let mut mute = Client::join(&server);
    server.interrupt();
    assert_eq!(mute.socket.read().expect("goodbye"), Message::Close(None));
    server.interrupt();
    server.finish_within(Duration::from_millis(1500));
}

#[cfg(unix)]
#[test]
fn ctrl_c_without_clients() {
    let mut server = Program::server("ws_chat_server");
    drop(Client::join(&server));
    server.wait_for("Cliente desligado: ");
    server.interrupt();
    let finished = server.finish_within(Duration::from_secs(2));
    assert_eq!(finished.status.code(), Some(0));
}

#[test]
fn starts_again_at_once_on_its_port() {
    let mut server = Program::server("ws_chat_server");
    let address = server.address();
    let client = Client::join(&server);
    server.kill();
    let again =
        Program::start(lesson("ws_chat_server").arg(address.to_string()));
    assert_eq!(again.address(), address);
    Friends::join(&again).talk();
    drop(client);
}

#[test]
fn address_refused() {
    testkit::refuses_addresses("ws_chat_server", "127.0.0.1:8766");
}
