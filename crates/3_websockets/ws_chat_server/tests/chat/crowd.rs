//! Many clients at once.

use std::thread;

use testkit::{Program, tcp_echo};

use crate::Client;

/// One talks as fast as it can, and a hundred hear every word, in order.
#[test]
fn a_hundred_receivers() {
    const MESSAGES: usize = 1000;
    let server = Program::server("ws_chat_server");
    let mut speaker = Client::join(&server);
    let receivers: Vec<Client> =
        (0..100).map(|_| Client::join(&server)).collect();
    thread::scope(|scope| {
        for mut receiver in receivers {
            let port = speaker.port;
            scope.spawn(move || {
                for index in 0..MESSAGES {
                    let expected = format!("[{port}]: mensagem {index}");
                    assert_eq!(receiver.hear(), expected);
                }
            });
        }
        for index in 0..MESSAGES {
            speaker.say(&format!("mensagem {index}"));
        }
    });
}

/// A thousand in one room: what the first and the last say reaches them all.
#[test]
fn a_thousand_clients() {
    let count = tcp_echo::clients_allowed(1000);
    let server = Program::server("ws_chat_server");
    let mut clients: Vec<Client> =
        (0..count).map(|_| Client::connect(&server)).collect();
    server.wait_for_lines(1 + count);
    for speaker in [0, count - 1] {
        clients[speaker].say("olá a todos");
        let expected = clients[speaker].heard("olá a todos");
        for (index, client) in clients.iter_mut().enumerate() {
            if index != speaker {
                assert_eq!(client.hear(), expected);
            }
        }
    }
    if let Some(memory) = server.memory() {
        assert!(memory < 64 << 20, "{memory} bytes for {count} clients");
    }
}

/// Many clients, who at the same moment say more in all than fits in the room
/// (the server is stopped until they have): nobody who reads loses a word.
#[cfg(unix)]
#[test]
fn all_speak_at_once() {
    const COUNT: usize = 300;
    const EACH: usize = 5;
    let server = Program::server("ws_chat_server");
    let mut clients: Vec<Client> =
        (0..COUNT).map(|_| Client::connect(&server)).collect();
    server.wait_for_lines(1 + COUNT);
    signal(&server, "-STOP");
    for client in &mut clients {
        for index in 0..EACH {
            client.say(&index.to_string());
        }
    }
    signal(&server, "-CONT");
    for client in &mut clients {
        let mut heard: Vec<String> =
            (EACH..COUNT * EACH).map(|_| client.hear()).collect();
        heard.sort_unstable();
        heard.dedup();
        assert_eq!(heard.len(), (COUNT - 1) * EACH);
        assert!(!heard.contains(&client.heard("0")));
    }
    assert_eq!(server.errors(), "");
}

#[cfg(unix)]
fn signal(program: &Program, signal: &str) {
    let id = program.id().to_string();
    let mut kill = std::process::Command::new("kill");
    let status = kill.args([signal, &id]).status().expect("kill");
    assert!(status.success());
}
