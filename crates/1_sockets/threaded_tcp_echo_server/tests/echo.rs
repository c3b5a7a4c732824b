//! The server with a thread per client over real sockets.

use testkit::{Program, tcp_echo};

testkit::tcp_echo_tests!("threaded_tcp_echo_server", AllAtOnce);

#[test]
fn a_thousand_clients() {
    let count = tcp_echo::clients_allowed(1000);
    let server = Program::server("threaded_tcp_echo_server");
    tcp_echo::clients_at_once(&server, count);
}
