//! The REQ client against servers that are worse than ours.

use std::time::{Duration, Instant};

use testkit::endpoints::{FREE_PORT, Ipc, refused};
use testkit::{DEADLINE, PATIENCE, Program, lesson, peer};

fn client(endpoint: &str) -> Program {
    Program::start(lesson("zmq_req_client").arg(endpoint))
}

/// A server in the test's hands: a ROUTER sees who asks and need not answer.
fn router() -> (zmq::Socket, String) {
    let socket = zmq::Context::new().socket(zmq::ROUTER).expect("a socket");
    socket
        .set_rcvtimeo(DEADLINE.as_millis() as i32)
        .expect("a time limit");
    socket.set_linger(0).expect("no linger");
    socket.bind("tcp://127.0.0.1:*").expect("bind");
    let endpoint = socket.get_last_endpoint().expect("an endpoint");
    (socket, endpoint.expect("text"))
}

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

#[test]
fn python_server_over_tcp_and_ipc() {
    let ipc = Ipc::new();
    for endpoint in ["tcp://127.0.0.1:*".to_string(), ipc.endpoint()] {
        let server = Program::start(peer("zmq_rep_server.py").arg(&endpoint));
        let endpoint = server.endpoint_in_line(1);
        let finished = client(&endpoint).finish();
        assert_eq!(finished.stdout, "Eco recebido: Ola, mundo\n");
        assert_eq!(finished.stderr, "");
        server.wait_for("Recebido: Ola, mundo\n");

        let finished = Program::start(lesson("zmq_req_client").args([
            &endpoint,
            "",
            "duas partes",
        ]))
        .finish();
        assert_eq!(finished.stdout, "Eco recebido:  | duas partes\n");
    }
}

/// The client has already given up twice when the server starts, which does
/// not hear of those two.
#[test]
fn server_that_comes_later() {
    let mut before = Program::start(lesson("zmq_rep_server").arg(FREE_PORT));
    let tcp = before.endpoint_in_line(1);
    before.kill();

    let ipc = Ipc::new();
    for endpoint in [tcp, ipc.endpoint()] {
        let client = client(&endpoint);
        client.wait_for_error("Sem resposta (2 de 5)\n");
        let server = Program::start(lesson("zmq_rep_server").arg(&endpoint));
        let finished = client.finish();
        assert!(finished.status.success(), "{finished:?}");
        assert_eq!(finished.stdout, "Eco recebido: Ola, mundo\n");
        server.wait_for("Recebido: Ola, mundo\n");
        std::thread::sleep(PATIENCE);
        // One, or two where a busy machine answers late.
        assert!(server.output().matches("Recebido").count() < 3);
    }
}

#[test]
fn lost_request_is_asked_again() {
    let (router, endpoint) = router();
    let client = client(&endpoint);
    let lost = router.recv_multipart(0).expect("the first request");
    let request = router.recv_multipart(0).expect("the second request");
    assert_ne!(lost[0], request[0], "a new socket");
    assert_eq!(lost[1..], [b"".to_vec(), b"Ola, mundo".to_vec()]);
    router.send_multipart(request, 0).expect("answer");
    let finished = client.finish();
    assert!(finished.status.success(), "{finished:?}");
    assert_eq!(finished.stdout, "Eco recebido: Ola, mundo\n");
    assert_eq!(finished.stderr, "Sem resposta (1 de 5)\n");
}

#[test]
fn gives_up_after_five_attempts() {
    let (router, endpoint) = router();
    let start = Instant::now();
    let finished = client(&endpoint).finish();
    assert!(start.elapsed() > Duration::from_millis(4900));
    assert_eq!(finished.status.code(), Some(1));
    assert_eq!(finished.stdout, "");
    let lines: Vec<&str> = finished.stderr.lines().collect();
    assert_eq!(lines.len(), 6, "{finished:?}");
    assert_eq!(lines[4], "Sem resposta (5 de 5)");
    assert_eq!(
        lines[5],
        "O servidor não responde. Inicie-o: cargo run -p zmq_rep_server"
    );
    for _ in 0..5 {
        router.recv_multipart(0).expect("a request of each attempt");
    }
}

#[test]
fn echo_that_is_not_text_or_has_other_parts() {
    let (router, endpoint) = router();
    let client = client(&endpoint);
    let mut answer = router.recv_multipart(0).expect("the request");
    answer.truncate(2);
    answer.push(b"\xff!".to_vec());
    answer.push(b"e mais".to_vec());
    router.send_multipart(answer, 0).expect("answer");
    assert_eq!(client.finish().stdout, "Eco recebido: \u{fffd}! | e mais\n");
}

#[test]
fn endpoint_refused() {
    refused(
        "zmq_req_client",
        false,
        "«ENDPOINT» não serve ([..]). Um exemplo: tcp://127.0.0.1:5555",
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c() {
    let (router, endpoint) = router();
    let client = client(&endpoint);
    router.recv_multipart(0).expect("the request");
    testkit::endpoints::ends_with_ctrl_c(client);
}
