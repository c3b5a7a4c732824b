//! The async UDP server over real sockets.

testkit::udp_echo_tests!("async_udp_echo_server");

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_at_once() {
    use std::os::unix::process::ExitStatusExt;
    let mut server = testkit::Program::server("async_udp_echo_server");
    server.interrupt();
    let finished = server.finish_within(std::time::Duration::from_secs(2));
    assert_eq!(finished.status.signal(), Some(2), "{finished:?}");
    assert_eq!(finished.stderr, "");
}
