//! The async UDP server over real sockets.

testkit::udp_echo_tests!("async_udp_echo_server");

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_at_once() {
    let mut server = testkit::Program::server("async_udp_echo_server");
    server.wait_for("iniciado");
    server.interrupt();
    let finished = server.finish_within(std::time::Duration::from_secs(2));
    assert_eq!(finished.status.code(), Some(0));
    assert_eq!(finished.stderr, "");
}
