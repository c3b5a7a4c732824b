//! What goes wrong with one client stays with that client.

use std::io::{ErrorKind, Read, Write};
use std::iter;
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use testkit::{Program, connect, peer};
use tokio_tungstenite::tungstenite::{self, Bytes, Message};

use crate::{Client, Friends};

/// Does this to a server as a client of its own, who must get this goodbye;
/// the others notice nothing.
fn closes_with(
    code: u16,
    reason: &str,
    does: impl FnOnce(&mut Client),
) -> Program {
    let server = Program::server("ws_chat_server");
    let mut friends = Friends::join(&server);
    let mut culprit = Client::join(&server);
    does(&mut culprit);
    assert_eq!(culprit.closed_with(), (code, reason.to_string()));
    friends.talk();
    let line = format!("Cliente desligado: {}\n", culprit.name());
    server.wait_for(&line);
    assert_eq!(server.output().matches("Cliente desligado").count(), 1);
    server
}

#[test]
fn over_one_mebibyte() {
    closes_with(1009, "mais de 1 MiB", |culprit| {
        culprit.say(&"x".repeat((1 << 20) + 1));
    });
    closes_with(1009, "mais de 1 MiB", |culprit| {
        // So much that it cannot all wait in the systems' buffers: the server
        // reads the rest, so that no reset overtakes its goodbye.
        culprit.say(&"x".repeat(16 << 20));
    });
}

/// Each fragment is small, but they have no end.
#[test]
fn over_one_mebibyte_in_fragments() {
    closes_with(1009, "mais de 1 MiB", |culprit| {
        let mut frame = vec![0x01, 0xfe, 0x80, 0x00, 0, 0, 0, 0];
        frame.extend([b'x'; 0x8000]);
        for _ in 0..33 {
            culprit.socket.get_mut().write_all(&frame).expect("send");
            frame[0] = 0x00;
        }
    });
}

/// A frame that announces 4 EiB: it is refused before a byte of it comes.
#[test]
fn absurd_length() {
    let server = closes_with(1009, "mais de 1 MiB", |culprit| {
        let header = [0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        culprit.socket.get_mut().write_all(&header).expect("send");
    });
    assert!(server.memory().unwrap_or(0) < 64 << 20);
}

#[test]
fn invalid_utf8() {
    closes_with(1007, "não é UTF-8", |culprit| {
        let frame = [0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28];
        culprit.socket.get_mut().write_all(&frame).expect("send");
    });
}

/// Bytes are for nobody, and do no harm.
#[test]
fn binary_message() {
    let server = Program::server("ws_chat_server");
    let Friends(mut speaker, mut listener) = Friends::join(&server);
    let bytes = Message::Binary(Bytes::from_static(b"\x00\x01"));
    speaker.socket.send(bytes).expect("send");
    speaker.say("e agora texto");
    assert_eq!(listener.hear(), speaker.heard("e agora texto"));
}

#[test]
fn broken_protocol() {
    let reason = "não cumpriu o protocolo";
    for wrong in [
        &[0x81, 0x01, b'x'][..],           // without a mask
        &[0xf1, 0x80, 0, 0, 0, 0],         // reserved bits
        &[0x83, 0x80, 0, 0, 0, 0],         // an unknown kind of frame
        &[0x80, 0x80, 0, 0, 0, 0],         // the rest of nothing
        &[0x89, 0xfe, 0, 126, 0, 0, 0, 0], // a ping that is too long
    ] {
        closes_with(1002, reason, |culprit| {
            let mut bytes = wrong.to_vec();
            bytes.resize(wrong.len() + 126, 0);
            culprit.socket.get_mut().write_all(&bytes).expect("send");
        });
    }
}

/// The same goodbyes, as Python's library sees them.
#[test]
fn python_client_is_told_why() {
    let server = Program::server("ws_chat_server");
    let url = format!("ws://{}", server.address());
    let mut python = Program::start(peer("ws_chat_client.py").arg(url));
    python.wait_for("Ligado ao servidor");
    python.type_line(&"x".repeat(8 << 20));
    python.wait_for("Desligado: 1009 mais de 1 MiB");
}

/// A client that never reads: every other one hears each message at once, all
/// the time; the server keeps little for it; it is put out, and told why when
/// it reads at last.
#[test]
fn never_reads() {
    let server = Program::server("ws_chat_server");
    let mut friends = Friends::join(&server);
    let mut deaf = Client::join(&server);
    friends.talk();
    let before = server.memory();

    let start = Instant::now();
    let mut slowest = Duration::ZERO;
    let Friends(speaker, listener) = &mut friends;
    // More than fits in the room, in length and in number; from then on little
    // is said, because the server prints it all.
    let long = "x".repeat(1 << 16);
    let mut texts =
        iter::repeat_n(long.as_str(), 1100).chain(iter::repeat("x"));
    let put_out = format!("Conversa com {} interrompida: 1008", deaf.name());
    while !server.errors().contains(&put_out) {
        let said = Instant::now();
        let text = texts.next().expect("they do not end");
        speaker.say(text);
        assert!(listener.hear() == speaker.heard(text));
        slowest = slowest.max(said.elapsed());
        assert!(start.elapsed() < testkit::DEADLINE, "it is still there");
    }
    let reason = "não lê as mensagens".to_string();
    assert_eq!(deaf.closed_with(), (1008, reason));
    friends.talk();
    assert!(slowest < Duration::from_secs(2), "one message: {slowest:?}");
    let unheard = 1024 * long.len() as u64;
    server.assert_grown_by_less_than(unheard + (16 << 20), before);
    let line = format!("Cliente desligado: {}\n", deaf.name());
    server.wait_for(&line);
    assert_eq!(server.output().matches(&line).count(), 1);
}

/// A client that reads so late that it is put out: it hears all up to some
/// message, and then why there is no more. It never misses one in between.
#[test]
fn reads_too_late() {
    let server = Program::server("ws_chat_server");
    let Friends(mut speaker, mut listener) = Friends::join(&server);
    let mut late = Client::join(&server);
    let long = "x".repeat(1 << 12);
    let put_out = format!("Conversa com {} interrompida: 1008", late.name());
    let start = Instant::now();
    let mut said = 0;
    while !server.errors().contains(&put_out) {
        speaker.say(&format!("{said} {long}"));
        listener.hear();
        said += 1;
        assert!(start.elapsed() < testkit::DEADLINE, "it is still there");
    }
    let mut heard = 0;
    let goodbye = loop {
        match late.socket.read().expect("a message, or a goodbye") {
            Message::Text(text) => {
                let expected = speaker.heard(&format!("{heard} {long}"));
                assert!(text.as_str() == expected, "not message {heard}");
                heard += 1;
            }
            Message::Close(frame) => break frame.expect("a reason"),
            other => panic!("neither a text nor a goodbye: {other:?}"),
        }
    };
    assert_eq!(u16::from(goodbye.code), 1008);
    assert!(heard < said, "{heard} of {said}");
}

/// A client that asks for answers, pongs, and never reads them.
#[test]
fn pings_for_ever() {
    let server = Program::server("ws_chat_server");
    let mut friends = Friends::join(&server);
    let before = server.memory();
    let mut deaf = Client::join(&server);
    let stream = deaf.socket.get_mut();
    stream
        .set_write_timeout(Some(testkit::PATIENCE))
        .expect("a time limit");
    let mut ping = vec![0x89, 0x80 | 125, 0, 0, 0, 0];
    ping.extend([b'x'; 125]);
    let pings = ping.repeat(500);
    for _ in 0..1000 {
        // 62 MiB, if the server takes them all.
        if stream.write_all(&pings).is_err() {
            break;
        }
    }
    friends.talk();
    server.assert_grown_by_less_than(16 << 20, before);
}

/// All that the server says until it hangs up.
fn answer(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("it does not hang up: {error}"),
    }
    String::from_utf8(answer).expect("text")
}

/// A browser at the wrong address, say: it gets no answer, and the server's
/// terminal says why.
#[test]
fn plain_http_is_refused() {
    let server = Program::server("ws_chat_server");
    let mut friends = Friends::join(&server);
    for request in [
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nolá",
        // A version of the protocol that never was.
        "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 99\r\n\r\n",
    ] {
        let mut stream = connect(server.address());
        let port = stream.local_addr().expect("an address").port();
        stream.write_all(request.as_bytes()).expect("send");
        assert!(!answer(stream).starts_with("HTTP/1.1 101"), "{request}");
        server
            .wait_for_error(&format!("Pedido de 127.0.0.1:{port} recusado: "));
    }
    friends.talk();
    assert_eq!(server.output().matches("Cliente desligado").count(), 0);
}

#[test]
fn garbage_is_dropped() {
    let server = Program::server("ws_chat_server");
    let mut friends = Friends::join(&server);
    let endless = format!("GET /{}", "x".repeat(1 << 20));
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], // TLS
        b"\r\n\r\n",
        b"banana\r\n\r\n",
        &[0xff; 4096],
        endless.as_bytes(),
        b"",
    ] {
        let mut stream = connect(server.address());
        // The server may have hung up in the middle of it.
        let _ = stream.write_all(garbage);
        let _ = stream.shutdown(Shutdown::Write);
        answer(stream);
        friends.talk();
    }
}

/// Clients that never ask, or not in this life: the others are served.
#[test]
fn handshake_without_an_end() {
    let server = Program::server("ws_chat_server");
    let mut friends = Friends::join(&server);
    let _silent = connect(server.address());
    let mut slow = connect(server.address());
    for byte in b"GET / HTTP/1.1\r\nHost: " {
        slow.write_all(&[*byte]).expect("send");
    }
    friends.talk();
    drop(slow);
    server.wait_for_error("recusado: ");
    friends.talk();
}

/// Whoever starts it with `| head -1` has not got a server that throws out
/// everybody who comes.
#[test]
fn closed_output() {
    testkit::ends_when_it_cannot_print("ws_chat_server", |address| {
        let stream = connect(address);
        // It is gone before or after it has answered.
        let _ = tungstenite::client(format!("ws://{address}"), stream);
    });
}
