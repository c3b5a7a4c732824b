//! The UDP server over real sockets.

testkit::udp_echo_tests!("udp_echo_server");
