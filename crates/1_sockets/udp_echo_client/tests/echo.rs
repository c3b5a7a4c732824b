//! The UDP client against servers that are worse than ours.

use std::net::{SocketAddr, UdpSocket};

use testkit::{DEADLINE, Program, lesson, peer};

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

/// A server's socket, and the client that asks it.
fn asked() -> (UdpSocket, Program, SocketAddr) {
    let server = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    server
        .set_read_timeout(Some(DEADLINE))
        .expect("a time limit");
    let address = server.local_addr().expect("an address").to_string();
    let client = Program::start(lesson("udp_echo_client").arg(address));
    let mut message = [0; 64];
    let (count, peer) = server.recv_from(&mut message).expect("the question");
    assert_eq!(&message[..count], b"Ola, UDP!");
    (server, client, peer)
}

#[test]
fn takes_the_answer_of_its_server_only() {
    let (server, client, peer) = asked();
    let peer = SocketAddr::from(([127, 0, 0, 1], peer.port()));
    let stranger = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    stranger.send_to(b"mentira", peer).expect("send");
    server.send_to(b"Ola, UDP!", peer).expect("send");
    let finished = client.finish();
    let address = server.local_addr().expect("an address");
    assert_eq!(
        finished.stdout,
        format!("Eco recebido: Ola, UDP! de {address}\n"),
    );
}

#[test]
fn answer_that_is_not_text() {
    let (server, client, peer) = asked();
    server.send_to(b"\xff!", peer).expect("send");
    let finished = client.finish();
    let address = server.local_addr().expect("an address");
    assert_eq!(
        finished.stdout,
        format!("Eco recebido: \u{fffd}! de {address}\n"),
    );
}

#[test]
fn lost_datagram_ends_the_wait() {
    let (server, client, _) = asked();
    let address = server.local_addr().expect("an address");
    client.finish().assert_fails_with(&format!(
        "Sem eco de {address} em 2s ([..]). O datagrama perdeu-se, ou não há \
         servidor: cargo run -p udp_echo_server"
    ));
}

#[test]
fn nobody_listens() {
    let gone = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let address = gone.local_addr().expect("an address").to_string();
    drop(gone);
    Program::start(lesson("udp_echo_client").arg(&address))
        .finish()
        .assert_fails_with(&format!(
            "Sem eco de {address} em 2s ([..]). O datagrama perdeu-se, ou não \
             há servidor: cargo run -p udp_echo_server"
        ));
}

#[test]
fn address_not_parseable() {
    for wrong in ["banana", "127.0.0.1", "127.0.0.1:99999"] {
        Program::start(lesson("udp_echo_client").arg(wrong))
            .finish()
            .assert_fails_with(&format!(
                "{wrong} não serve ([..]). Um exemplo: 127.0.0.1:65432"
            ));
    }
}

#[test]
fn python_server() {
    let server = Program::start(&mut peer("udp_echo_server.py"));
    let address = server.address();
    let client =
        Program::start(lesson("udp_echo_client").arg(address.to_string()))
            .finish();
    assert_eq!(
        client.stdout,
        format!("Eco recebido: Ola, UDP! de {address}\n")
    );
}
