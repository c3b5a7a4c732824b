//! The sink: results of all kinds, from one batch or from several.

use std::io::Write;

use testkit::endpoints::{FREE_PORT, refused};
use testkit::{Program, connect, lesson};

/// A sink, and a socket for results.
fn sink() -> (Program, zmq::Socket) {
    let sink = Program::start(lesson("zmq_pull_sink").arg(FREE_PORT));
    let socket = zmq::Context::new().socket(zmq::PUSH).expect("a socket");
    socket.connect(&sink.endpoint_in_line(1)).expect("connect");
    (sink, socket)
}

fn send(results: &zmq::Socket, all: &[&str]) {
    for result in all {
        results.send(result, 0).expect("send");
    }
}

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

#[test]
fn total_and_gain() {
    let (sink, results) = sink();
    send(
        &results,
        &["7 3 10 2000000", "7 3 20 1000000", "7 3 30 1000000"],
    );
    let lines = sink.wait_for_lines(5);
    assert_eq!(
        lines[1..4],
        [
            "Recebido: 10 primos; faltam 2 tarefas",
            "Recebido: 20 primos; faltam 1 tarefas",
            "Recebido: 30 primos; faltam 0 tarefas",
        ]
    );
    // The clock runs from the beginning of the first task.
    assert!(lines[4].starts_with("Total: 60 primos em 2."), "{lines:?}");
    let gain = lines[4].strip_suffix(" vezes").expect("a gain");
    let gain = gain.rsplit(' ').next().expect("a number");
    let gain: f64 = gain.parse().expect("a number");
    assert!((1.0..=2.0).contains(&gain), "{lines:?}");
}

#[test]
fn malformed_results() {
    let (sink, results) = sink();
    let garbage = [
        &b""[..],
        b"banana",
        b"\xff",
        b"1 2 3",
        b"1 2 3 4 5",
        b"1 2 -1 1",
        b"1 2 99999999999 1",
    ];
    for result in garbage {
        results.send(result, 0).expect("send");
    }
    results
        .send_multipart(["1 2 100 1", "1 2 5 1"], 0)
        .expect("send");
    sink.wait_for("\nTotal: 105 primos em ");
    sink.wait_for_error("Não é um resultado: 1 2 99999999999 1\n");
    let complaints = sink.errors();
    assert_eq!(complaints.matches("Não é um resultado: ").count(), 7);
    assert!(complaints.contains(": \u{fffd}\n"), "{complaints}");
    // No tasks at all: nothing that ends it, or that anybody would send.
    send(&results, &["1 0 1 1", "3 1 8 1"]);
    sink.wait_for("\nTotal: 8 primos em ");
}

/// Each batch has its own total: also where its results come among those of
/// another one, or of one that will never be complete.
#[test]
fn batches_at_the_same_time_and_one_after_another() {
    let (sink, results) = sink();
    send(&results, &["1 9 1000 1"]);
    send(&results, &["2 2 10 1", "3 1 5 1", "2 2 20 1", "2 1 7 1"]);
    sink.wait_for("\nTotal: 7 primos em ");
    let output = sink.output();
    let totals: Vec<&str> = output
        .lines()
        .filter_map(|line| line.strip_prefix("Total: ")?.split(' ').next())
        .collect();
    assert_eq!(totals, ["5", "30", "7"]);
}

#[test]
fn garbage_on_the_tcp_port() {
    let (sink, results) = sink();
    let mut open = Vec::new();
    for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 4096], &[]] {
        let mut stream = connect(sink.address());
        let _ = stream.write_all(garbage); // it may hang up in the middle
        open.push(stream);
    }
    send(&results, &["1 1 5 1"]);
    sink.wait_for("\nTotal: 5 primos em ");
    assert_eq!(sink.errors(), "");
}

#[test]
fn endpoint_refused() {
    refused(
        "zmq_pull_sink",
        true,
        "Não foi possível escutar em ENDPOINT ([..]). Escolha outro: cargo run \
         -p zmq_pull_sink -- tcp://127.0.0.1:5566",
    );
}

/// Before a batch, and in the middle of one.
#[cfg(unix)]
#[test]
fn ctrl_c() {
    let (idle, _) = sink();
    testkit::endpoints::ends_with_ctrl_c(idle);

    let (sink, results) = sink();
    send(&results, &["1 2 5 1"]);
    sink.wait_for("Recebido: ");
    testkit::endpoints::ends_with_ctrl_c(sink);
}
