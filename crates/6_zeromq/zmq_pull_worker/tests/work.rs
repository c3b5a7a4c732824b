//! The worker: what it does with tasks of all kinds, and what is lost with it.

use testkit::endpoints::{FREE_PORT, Ipc, refused};
use testkit::{DEADLINE, PATIENCE, Program, lesson, peer};

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
        let worker = worker(&tasks, &results);
        let python = python.finish();
        assert!(
            python.stdout.ends_with("\nTotal: 1229 primos\n"),
            "{python:?}"
        );
        assert_eq!(worker.wait_for_lines(101).len(), 101);
    }
}

#[test]
fn results_say_batch_and_primes() {
    let (tasks, tasks_at) = socket(zmq::PUSH);
    let (results, results_at) = socket(zmq::PULL);
    let worker = worker(&tasks_at, &results_at);
    for (task, primes) in [
        ("7 100 0 10", "7 100 4 "),
        ("8 1 10 10", "8 1 0 "),
        ("9 1 20 10", "9 1 0 "),
        ("10 1 0 2", "10 1 0 "),
        ("4294967295 1 4294967291 4294967292", "4294967295 1 1 "),
    ] {
        tasks.send(task, 0).expect("send");
        let result = results.recv_bytes(0).expect("a result");
        let result = String::from_utf8(result).expect("text");
        let micros = result.strip_prefix(primes).expect("the same batch");
        micros.parse::<u32>().expect("microseconds");
    }
    worker.wait_for("\nEntre 0 e 10: 4 primos\nEntre 10 e 10: 0 primos\n");
}

#[test]
fn malformed_tasks() {
    let (tasks, tasks_at) = socket(zmq::PUSH);
    let (results, results_at) = socket(zmq::PULL);
    let worker = worker(&tasks_at, &results_at);
    for task in [
        "",
        "1 2 3",
        "1 2 3 4 5",
        "um dois três quatro",
        "1 2 3 -3",
        "1 2 3 5000000000",
    ] {
        tasks.send(task, 0).expect("send");
        worker.wait_for_error(&format!("Não é uma tarefa: {task}\n"));
    }
    tasks.send(&b"\xff"[..], 0).expect("send");
    tasks.send_multipart(["1", "2"], 0).expect("send");
    worker.wait_for_error("\u{fffd}\nNão é uma tarefa: 1\n");
    tasks.send("3 1 0 3", 0).expect("send");
    let result = results.recv_bytes(0).expect("a result");
    assert!(result.starts_with(b"3 1 1 "), "{result:?}");
}

/// What the header says: a worker that is killed takes its tasks with it, the
/// one in hand and those in its queue; the rest of the batch goes on, and the
/// next batch is whole.
#[test]
fn tasks_of_a_killed_worker_are_lost() {
    let sink = Program::start(lesson("zmq_pull_sink").arg(FREE_PORT));
    let results_at = sink.endpoint_in_line(1);
    let mut ventilator =
        Program::start(lesson("zmq_push_ventilator").arg(FREE_PORT));
    let tasks_at = ventilator.endpoint_in_line(1);

    // The first one's results come to the test, which knows by them that the
    // worker is at work, and then forwards them.
    let (detour, detour_at) = socket(zmq::PULL);
    let mut killed = worker(&tasks_at, &detour_at);
    ventilator.type_line("1000");
    let mut through = vec![detour.recv_bytes(0).expect("a result")];
    killed.kill();
    let patience = PATIENCE.as_millis() as i32;
    detour.set_rcvtimeo(patience).expect("a time limit");
    while let Ok(result) = detour.recv_bytes(0) {
        through.push(result);
    }
    let forward = zmq::Context::new().socket(zmq::PUSH).expect("a socket");
    forward.connect(&results_at).expect("connect");
    for result in &through {
        forward.send(result, 0).expect("send");
    }

    let other = worker(&tasks_at, &results_at);
    other.wait_for_lines(400); // half of what is left, on a busy machine
    ventilator.wait_for("\nEnviadas: 1000 tarefas\n");
    // The other one does this task after those of the first batch.
    ventilator.type_line("1");
    sink.wait_for("faltam 0 tarefas\nTotal: 78498 primos em ");
    let output = sink.output();
    assert_eq!(output.matches("Total: ").count(), 1, "{output}");
    let missing: Vec<usize> = output
        .lines()
        .filter_map(|line| {
            let (_, rest) = line.split_once("faltam ")?;
            rest.strip_suffix(" tarefas")?.parse().ok()
        })
        .collect();
    let lost = missing[missing.len() - 2];
    assert!((1..500).contains(&lost), "{lost} lost");
    other.wait_for("\nEntre 0 e 1000000: 78498 primos\n");
    let done = other.output().matches(" primos\n").count() - 1;
    assert_eq!(done, 1000 - lost - through.len());
}

#[test]
fn endpoint_refused() {
    refused(
        "zmq_pull_worker",
        false,
        "«ENDPOINT» não serve ([..]). Um exemplo: tcp://127.0.0.1:5555",
    );
    Program::start(lesson("zmq_pull_worker").args([FREE_PORT, "banana"]))
        .finish()
        .assert_fails_with(
            "«[..]» não serve ([..]). Um exemplo: tcp://127.0.0.1:5555",
        );
}

/// Without tasks, and with results that nobody takes.
#[cfg(unix)]
#[test]
fn ctrl_c() {
    use testkit::endpoints::ends_with_ctrl_c;

    let (tasks, tasks_at) = socket(zmq::PUSH);
    let nobody = Ipc::new();
    let idle = worker(&tasks_at, &nobody.endpoint());
    idle.wait_for_lines(1);
    ends_with_ctrl_c(idle);

    let worker = worker(&tasks_at, &nobody.endpoint());
    worker.wait_for_lines(1);
    for _ in 0..3 {
        tasks.send("1 1 0 10", 0).expect("send");
    }
    worker.wait_for("Entre 0 e 10: 4 primos\n");
    ends_with_ctrl_c(worker);
}
