//! The worker: what it does with tasks of all kinds, and what is lost with it.

use testkit::endpoints::{FREE_PORT, Ipc, refused};
use testkit::{DEADLINE, Program, lesson, peer};

/// A socket in the test's hands, and where it listens.
fn socket(kind: zmq::SocketType) -> (zmq::Socket, String) {
    let socket = zmq::Context::new().socket(kind).expect("a socket");
    let limit = DEADLINE.as_millis() as i32;
    socket.set_rcvtimeo(limit).expect("a time limit");
    socket.set_sndtimeo(limit).expect("a time limit");
    socket.set_linger(0).expect("no linger");
    socket.bind("tcp://127.0.0.1:*").expect("bind");
    let endpoint = socket.get_last_endpoint().expect("an endpoint");
    (socket, endpoint.expect("text"))
}

fn worker(tasks: &str, results: &str) -> Program {
    Program::start(lesson("zmq_pull_worker").args([tasks, results]))
}

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

#[test]
fn python_ventilator_and_sink_over_tcp_and_ipc() {
    let ipc = [Ipc::new(), Ipc::new()];
    let ipc = ipc.each_ref().map(Ipc::endpoint);
    let tcp = ["tcp://127.0.0.1:*", "tcp://127.0.0.1:*"].map(String::from);
    for endpoints in [tcp, ipc] {
        let python = Program::start(peer("zmq_push_pull.py").args(endpoints));
        let [tasks, results] = [1, 2].map(|line| python.endpoint_in_line(line));
        let worker = worker(&tasks, &results).finish();
        assert!(worker.stdout.ends_with("\nFeitas: 100 tarefas\n"));
        let python = python.finish();
        assert!(
            python.stdout.ends_with("\nTotal: 1229 primos\n"),
            "{python:?}"
        );
    }
}

#[test]
fn results_say_task_and_primes() {
    let (tasks, tasks_at) = socket(zmq::PUSH);
    let (results, results_at) = socket(zmq::PULL);
    let worker = worker(&tasks_at, &results_at);
    for (task, primes) in [
        ("7 0 10", "7 4 "),
        ("8 10 10", "8 0 "),
        ("9 20 10", "9 0 "),
        ("10 0 2", "10 0 "),
        ("11 4294967291 4294967292", "11 1 "),
    ] {
        tasks.send(task, 0).expect("send");
        let result = results.recv_bytes(0).expect("a result");
        let result = String::from_utf8(result).expect("text");
        assert!(result.starts_with(primes), "{task}: {result}");
    }
    tasks.send("fim", 0).expect("send");
    let finished = worker.finish();
    assert!(finished.status.success(), "{finished:?}");
    assert!(finished.stdout.ends_with("\nFeitas: 5 tarefas\n"));
}

#[test]
fn malformed_tasks() {
    let (tasks, tasks_at) = socket(zmq::PUSH);
    let (results, results_at) = socket(zmq::PULL);
    let worker = worker(&tasks_at, &results_at);
    for task in [
        "",
        "1 2",
        "1 2 3 4",
        "um dois três",
        "1 2 -3",
        "1 2 5000000000",
    ] {
        tasks.send(task, 0).expect("send");
        worker.wait_for_error(&format!("Não é uma tarefa: {task}\n"));
    }
    tasks.send(&b"\xff"[..], 0).expect("send");
    tasks.send_multipart(["1", "2"], 0).expect("send");
    worker.wait_for_error("\u{fffd}\nNão é uma tarefa: 1\n");
    tasks.send("3 0 3", 0).expect("send");
    let result = results.recv_bytes(0).expect("a result");
    assert!(result.starts_with(b"3 1 "), "{result:?}");
}

/// What the header says: a worker that is killed takes its tasks with it, the
/// one in hand and those in its queue; the rest of the batch goes on.
#[test]
fn tasks_of_a_killed_worker_are_lost() {
    let sink =
        Program::start(lesson("zmq_pull_sink").args([FREE_PORT, FREE_PORT]));
    let [results_at, batches_at] =
        [1, 2].map(|line| sink.endpoint_in_line(line));
    let ventilator = Program::start(lesson("zmq_push_ventilator").args([
        FREE_PORT,
        &batches_at,
        "1000",
    ]));
    let tasks_at = ventilator.endpoint_in_line(1);

    // The first one's result comes by way of the test, which knows by it that
    // the worker is at work.
    let (detour, detour_at) = socket(zmq::PULL);
    let mut killed = worker(&tasks_at, &detour_at);
    let mut through = vec![detour.recv_bytes(0).expect("a result")];
    killed.kill();
    detour.set_rcvtimeo(300).expect("a time limit");
    while let Ok(result) = detour.recv_bytes(0) {
        through.push(result);
    }
    let forward = zmq::Context::new().socket(zmq::PUSH).expect("a socket");
    forward.connect(&results_at).expect("connect");
    for result in &through {
        forward.send(result, 0).expect("send");
    }

    let other = worker(&tasks_at, &results_at);
    let sink = sink.finish();
    assert_eq!(sink.status.code(), Some(1), "{sink:?}");
    let lost: usize = sink
        .stderr
        .strip_prefix("Faltam ")
        .and_then(|rest| {
            rest.strip_suffix(
                " de 1000 tarefas: perderam-se com um worker que terminou a \
                 meio. Repita o lote.\n",
            )
        })
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("what is lost: {sink:?}"));
    assert!((1..500).contains(&lost), "{lost} lost");
    let done = 1000 - lost - through.len();
    let other = other.finish();
    assert!(other.status.success(), "{other:?}");
    assert!(
        other
            .stdout
            .ends_with(&format!("\nFeitas: {done} tarefas\n"))
    );
    let ventilator = ventilator.finish();
    assert!(ventilator.status.success(), "{ventilator:?}");
    assert!(ventilator.stdout.ends_with("\nLote terminado\n"));
}

#[test]
fn endpoint_refused() {
    refused(
        "zmq_pull_worker",
        false,
        "«ENDPOINT» não é um endereço que sirva ([..]). Um exemplo: cargo run \
         -p zmq_pull_worker -- tcp://127.0.0.1:5555 tcp://127.0.0.1:5556",
    );
    Program::start(lesson("zmq_pull_worker").args([FREE_PORT, "banana"]))
        .finish()
        .assert_fails_with(
            "«[..]» não é um endereço que sirva ([..]). Um exemplo: cargo run \
             -p zmq_pull_worker -- tcp://127.0.0.1:5555 tcp://127.0.0.1:5556",
        );
}

/// Without tasks, and with a result that nobody takes.
#[cfg(unix)]
#[test]
fn ctrl_c() {
    use testkit::endpoints::ends_with_ctrl_c;

    let (tasks, tasks_at) = socket(zmq::PUSH);
    let nobody = Ipc::new();
    let worker = worker(&tasks_at, &nobody.endpoint());
    worker.wait_for_lines(1);
    for _ in 0..3 {
        tasks.send("1 0 10", 0).expect("send");
    }
    let output = ends_with_ctrl_c(worker);
    assert!(output.contains("\nFeitas: "), "{output}");
}
