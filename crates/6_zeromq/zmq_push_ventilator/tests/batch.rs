//! Whole batches: ventilator, workers and sink together.

use std::thread;
use std::time::{Duration, Instant};

use testkit::endpoints::{FREE_PORT, Ipc, refused};
use testkit::{DEADLINE, Program, lesson, peer};

fn sink(endpoint: &str) -> (Program, String) {
    let sink = Program::start(lesson("zmq_pull_sink").arg(endpoint));
    let endpoint = sink.endpoint_in_line(1);
    (sink, endpoint)
}

fn ventilator(endpoint: &str) -> (Program, String) {
    let ventilator =
        Program::start(lesson("zmq_push_ventilator").arg(endpoint));
    let endpoint = ventilator.endpoint_in_line(1);
    (ventilator, endpoint)
}

fn worker(tasks: &str, results: &str) -> Program {
    Program::start(lesson("zmq_pull_worker").args([tasks, results]))
}

/// A worker in the test's hands, with a short queue.
fn pull(endpoint: &str) -> zmq::Socket {
    let socket = zmq::Context::new().socket(zmq::PULL).expect("a socket");
    socket
        .set_rcvtimeo(DEADLINE.as_millis() as i32)
        .expect("a time limit");
    socket.set_rcvhwm(1).expect("a short queue");
    socket.set_rcvbuf(4096).expect("a small buffer");
    socket.connect(endpoint).expect("connect");
    socket
}

/// The next task's fields: batch, number of tasks, first number and end.
fn next_task(pull: &zmq::Socket) -> [String; 4] {
    let task = pull.recv_bytes(0).expect("a task");
    let task = String::from_utf8(task).expect("text");
    let fields: Vec<String> = task.split(' ').map(String::from).collect();
    fields.try_into().expect("four fields")
}

/// How many tasks a worker has done.
fn done(worker: &Program) -> usize {
    assert_eq!(worker.errors(), "");
    worker.output().matches(" primos\n").count()
}

/// Waits until it is so. (To look at every line as it comes, of thousands,
/// would take too long.)
fn wait_until(it_is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !it_is_so() {
        assert!(start.elapsed() < 4 * DEADLINE, "waited in vain");
        thread::sleep(Duration::from_millis(50));
    }
}

/// The sink has every result of so many batches, and none too many.
fn assert_complete(sink: &Program, batches: usize, tasks: usize) {
    wait_until(|| sink.output().matches("Total: ").count() >= batches);
    let output = sink.output();
    assert_eq!(output.matches("Total: 78498 primos em ").count(), batches);
    assert_eq!(output.matches("Recebido: ").count(), tasks);
    assert_eq!(sink.errors(), "");
}

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

/// Five workers, of which two come when the others are at work.
#[test]
fn ten_thousand_tasks_each_done_once() {
    let (sink, results) = sink(FREE_PORT);
    let (mut ventilator, tasks) = ventilator(FREE_PORT);
    let mut workers: Vec<Program> =
        (0..3).map(|_| worker(&tasks, &results)).collect();
    ventilator.type_line("10000");
    sink.wait_for("Recebido: ");
    workers.extend((0..2).map(|_| worker(&tasks, &results)));

    assert_complete(&sink, 1, 10_000);
    ventilator.wait_for("\nEnviadas: 10000 tarefas\n");
    wait_until(|| workers.iter().map(done).sum::<usize>() >= 10_000);
    let done: Vec<usize> = workers.iter().map(done).collect();
    assert_eq!(done.iter().sum::<usize>(), 10_000, "{done:?}");
    assert!(!done.contains(&0), "one had nothing to do: {done:?}");
}

/// The sink comes last, after the workers and the ventilator.
#[test]
fn order_of_starting_does_not_matter() {
    let [tasks, results] = [Ipc::new(), Ipc::new()];
    let workers =
        [(); 2].map(|()| worker(&tasks.endpoint(), &results.endpoint()));
    for worker in &workers {
        worker.wait_for_lines(1);
    }
    let (mut ventilator, _) = ventilator(&tasks.endpoint());
    ventilator.type_line("100");
    ventilator.wait_for("\nEnviadas: 100 tarefas\n");
    let (sink, _) = sink(&results.endpoint());
    assert_complete(&sink, 1, 100);
    wait_until(|| workers.iter().map(done).sum::<usize>() == 100);
    assert!(ventilator.is_running());
}

/// Each Enter sends one, and the number typed counts, where it is one.
#[test]
fn a_batch_for_each_enter() {
    let (mut ventilator, endpoint) = ventilator(FREE_PORT);
    let pull = pull(&endpoint);
    for typed in ["", "7", " 11 \r", "muitas", "0", "1"] {
        ventilator.type_line(typed);
    }
    let mut batches: Vec<(String, u32)> = Vec::new();
    for _ in 0..2019 {
        let [batch, ..] = next_task(&pull);
        match batches.last_mut() {
            Some((last, count)) if *last == batch => *count += 1,
            _ => batches.push((batch, 1)),
        }
    }
    let counts: Vec<u32> = batches.iter().map(|(_, count)| *count).collect();
    assert_eq!(counts, [1000, 7, 11, 1000, 1]);
    ventilator.wait_for(
        "\nEnviadas: 1000 tarefas\nEnviadas: 7 tarefas\nEnviadas: 11 \
         tarefas\nEnviadas: 1000 tarefas\nEnviadas: 0 tarefas\n",
    );
}

#[test]
fn python_worker_over_tcp_and_ipc() {
    let ipc = [Ipc::new(), Ipc::new()];
    let ipc = ipc.each_ref().map(Ipc::endpoint);
    for [tasks, results] in [[FREE_PORT; 2], ipc.each_ref().map(String::as_str)]
    {
        let (sink, results) = sink(results);
        let (mut ventilator, tasks) = ventilator(tasks);
        let python =
            Program::start(peer("zmq_pull_worker.py").args([&tasks, &results]));
        ventilator.type_line("50");
        assert_complete(&sink, 1, 50);
        wait_until(|| done(&python) == 50);
    }
}

/// Every number below the limit is in one task and no other.
#[test]
fn tasks_cover_all_numbers_once() {
    for count in ["1", "7", "1000"] {
        let (mut ventilator, endpoint) = ventilator(FREE_PORT);
        ventilator.type_line(count);
        let pull = pull(&endpoint);
        let mut batches = Vec::new();
        let mut end = "0".to_string();
        for _ in 0..count.parse().expect("a number") {
            let [batch, tasks, first, last] = next_task(&pull);
            assert_eq!([tasks.as_str(), &first], [count, &end]);
            batches.push(batch);
            end = last;
        }
        assert_eq!(end, "1000000");
        batches.dedup();
        assert_eq!(batches.len(), 1);
    }
}

#[test]
fn endpoint_refused() {
    refused(
        "zmq_push_ventilator",
        true,
        "Não foi possível escutar em ENDPOINT ([..]). Escolha outro: cargo run \
         -p zmq_push_ventilator -- tcp://127.0.0.1:5565",
    );
}

/// At the prompt, with tasks but without workers, and with tasks on their way
/// to a worker that never takes them.
#[cfg(unix)]
#[test]
fn ctrl_c() {
    use testkit::endpoints::ends_with_ctrl_c;

    let (idle, _) = ventilator(FREE_PORT);
    idle.wait_for_lines(2);
    ends_with_ctrl_c(idle);

    let (mut waiting, _) = ventilator(FREE_PORT);
    waiting.type_line("10");
    ends_with_ctrl_c(waiting);

    let (mut busy, endpoint) = ventilator(FREE_PORT);
    busy.type_line("100000");
    let deaf = pull(&endpoint);
    // With the first one here, the next are on their way.
    next_task(&deaf);
    ends_with_ctrl_c(busy);
}
