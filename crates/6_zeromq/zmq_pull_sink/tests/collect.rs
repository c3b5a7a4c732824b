//! The sink: results of all kinds, from a batch or not.

use std::io::Write;

use testkit::endpoints::{FREE_PORT, refused};
use testkit::{DEADLINE, Program, connect, lesson};

/// A sink, a socket for results and one for batches.
fn sink() -> (Program, zmq::Socket, zmq::Socket) {
    let sink =
        Program::start(lesson("zmq_pull_sink").args([FREE_PORT, FREE_PORT]));
    let [results, batches] =
        [(1, zmq::PUSH), (2, zmq::REQ)].map(|(line, kind)| {
            let socket = zmq::Context::new().socket(kind).expect("a socket");
            socket
                .set_rcvtimeo(DEADLINE.as_millis() as i32)
                .expect("a time limit");
            socket
                .connect(&sink.endpoint_in_line(line))
                .expect("connect");
            socket
        });
    (sink, results, batches)
}

fn begin(batches: &zmq::Socket, tasks: &str) {
    batches.send(tasks, 0).expect("send");
    batches.recv_bytes(0).expect("the sink is ready");
}

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

#[test]
fn total_and_gain() {
    let (sink, results, batches) = sink();
    begin(&batches, "3");
    for result in ["2 10 2000000", "0 20 1000000", "1 30 1000000"] {
        results.send(result, 0).expect("send");
    }
    batches.send("fim", 0).expect("send");
    batches.recv_bytes(0).expect("the end of the batch");
    let finished = sink.finish();
    assert!(finished.status.success(), "{finished:?}");
    let lines: Vec<&str> = finished.stdout.lines().collect();
    assert_eq!(lines[3], "Total: 60 primos");
    // The clock runs from the beginning of the first task.
    assert!(lines[4].starts_with("Tempo: 2."), "{lines:?}");
    assert!(lines[4].contains("trabalho: 4.00 s; ganho: "), "{lines:?}");
}

#[test]
fn malformed_repeated_and_foreign_results() {
    let (sink, results, batches) = sink();
    begin(&batches, "2");
    for garbage in [
        &b""[..],
        b"banana",
        b"\xff",
        b"0 1",
        b"0 1 2 3",
        b"0 -1 1",
        b"0 99999999999 1",
        b"2 1 1",
        b"0 5 1",
        b"0 7 1",
    ] {
        results.send(garbage, 0).expect("send");
    }
    results
        .send_multipart(["1 100 1", "1 100 1"], 0)
        .expect("send");
    batches.send("fim", 0).expect("send");
    batches.recv_bytes(0).expect("the end of the batch");
    let finished = sink.finish();
    assert!(finished.status.success(), "{finished:?}");
    assert!(finished.stdout.contains("\nTotal: 105 primos\n"));
    assert_eq!(finished.stderr, "Não é um resultado\n".repeat(7));
}

/// A ventilator that went away in the middle does not block the next one.
#[test]
fn new_batch_begins_at_zero() {
    let (sink, results, batches) = sink();
    begin(&batches, "2");
    results.send("1 1000 1", 0).expect("send");
    begin(&batches, "1");
    results.send("0 5 1", 0).expect("send");
    batches.send("fim", 0).expect("send");
    batches.recv_bytes(0).expect("the end of the batch");
    assert!(
        sink.finish()
            .stdout
            .contains("Lote: 1 tarefas\nTotal: 5 primos\n")
    );
}

#[test]
fn garbage_on_the_tcp_ports() {
    let (sink, results, batches) = sink();
    let mut open = Vec::new();
    for line in [1, 2] {
        for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0xff; 4096], &[]] {
            let mut stream = connect(sink.address_in_line(line));
            let _ = stream.write_all(garbage); // it may hang up in the middle
            open.push(stream);
        }
    }
    begin(&batches, "1");
    results.send("0 5 1", 0).expect("send");
    batches.send("fim", 0).expect("send");
    let finished = sink.finish();
    assert!(
        finished.stdout.contains("\nTotal: 5 primos\n"),
        "{finished:?}"
    );
}

#[test]
fn endpoint_refused() {
    let message = "Não foi possível escutar em ENDPOINT: a porta está ocupada \
                   ou o endereço não serve ([..]). Escolha outros: cargo run \
                   -p zmq_pull_sink -- tcp://127.0.0.1:5566 \
                   tcp://127.0.0.1:5567";
    refused("zmq_pull_sink", true, message);

    let (_sink, _, batches) = sink();
    let taken = batches.get_last_endpoint().expect("it").expect("text");
    let second =
        Program::start(lesson("zmq_pull_sink").args([FREE_PORT, &taken]))
            .finish();
    assert_eq!(second.status.code(), Some(1), "{second:?}");
    assert!(second.stderr.contains(&taken), "{second:?}");
}

/// Before a batch, and in the middle of one.
#[cfg(unix)]
#[test]
fn ctrl_c() {
    let (idle, ..) = sink();
    testkit::endpoints::ends_with_ctrl_c(idle);

    let (sink, results, batches) = sink();
    begin(&batches, "2");
    results.send("0 5 1", 0).expect("send");
    testkit::endpoints::ends_with_ctrl_c(sink);
}
