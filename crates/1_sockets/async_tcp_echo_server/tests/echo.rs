//! The async server over real sockets.

use std::io::Write;
use std::time::Duration;

use testkit::{Program, connect, tcp_echo};

testkit::tcp_echo_tests!("async_tcp_echo_server", AllAtOnce);

#[test]
fn ten_thousand_clients() {
    let count = tcp_echo::clients_allowed(10_000);
    let server = Program::server("async_tcp_echo_server");
    tcp_echo::clients_at_once(&server, count);
}

/// One client is idle, another one never reads: Ctrl-C waits for neither.
#[cfg(unix)]
#[test]
fn ctrl_c_cancels_every_connection() {
    let mut server = Program::server("async_tcp_echo_server");
    let idle = connect(server.address());
    let mut deaf = connect(server.address());
    deaf.set_write_timeout(Some(testkit::PATIENCE))
        .expect("a time limit");
    while deaf.write(&[b'x'; 64 * 1024]).is_ok() {}
    server.wait_for(&format!("Ligado por {}", idle.local_addr().expect("a")));

    server.interrupt();
    let finished = server.finish_within(Duration::from_secs(2));
    assert_eq!(finished.status.code(), Some(0), "{}", finished.stderr);
    assert_eq!(finished.stderr, "");
    for client in [idle, deaf] {
        let peer = client.local_addr().expect("an address");
        let goodbye = format!(
            "Conexão com {peer} cancelada.\nA fechar conexão com {peer}\n"
        );
        assert!(finished.stdout.ends_with('\n'));
        assert!(finished.stdout.contains(&goodbye), "no «{goodbye}»");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_without_clients() {
    let mut server = Program::server("async_tcp_echo_server");
    drop(connect(server.address()));
    server.wait_for("A fechar conexão");
    server.interrupt();
    let finished = server.finish_within(Duration::from_secs(2));
    assert_eq!(finished.status.code(), Some(0));
    assert!(!finished.stdout.contains("cancelada"), "{finished:?}");
}
