//! Whole batches: ventilator, workers and sink together.

use std::thread;

use testkit::endpoints::{FREE_PORT, Ipc, refused};
use testkit::{DEADLINE, Program, lesson, peer};

/// A sink with its endpoints for results and for batches.
fn sink(results: &str, batches: &str) -> (Program, String, String) {
    let sink = Program::start(lesson("zmq_pull_sink").args([results, batches]));
    let [results, batches] = [1, 2].map(|line| sink.endpoint_in_line(line));
    (sink, results, batches)
}

fn ventilator(endpoint: &str, batches: &str, tasks: &str) -> Program {
    Program::start(
        lesson("zmq_push_ventilator").args([endpoint, batches, tasks]),
    )
}

fn worker(tasks: &str, results: &str) -> Program {
    Program::start(lesson("zmq_pull_worker").args([tasks, results]))
}

/// How many tasks a worker says it has done, at its end.
fn done(worker: Program) -> u32 {
    let finished = worker.finish();
    assert!(finished.status.success(), "{finished:?}");
    assert_eq!(finished.stderr, "");
    let last = finished.stdout.lines().last().unwrap_or_default();
    let number = last
        .strip_prefix("Feitas: ")
        .and_then(|rest| rest.strip_suffix(" tarefas"));
    number
        .and_then(|number| number.parse().ok())
        .expect("a number")
}

/// The sink has every result, and the ventilator ends too.
fn assert_complete(sink: Program, ventilator: Program, tasks: u32) {
    let sink = sink.finish();
    assert!(sink.status.success(), "{sink:?}");
    let lines: Vec<&str> = sink.stdout.lines().collect();
    assert_eq!(lines[2], format!("Lote: {tasks} tarefas"));
    assert_eq!(lines[3], "Total: 78498 primos");
    assert!(lines[4].starts_with("Tempo: "), "{lines:?}");
    let ventilator = ventilator.finish();
    assert!(ventilator.status.success(), "{ventilator:?}");
    assert!(
        ventilator.stdout.ends_with(&format!(
            "\nEnviadas: {tasks} tarefas\nLote terminado\n"
        ))
    );
}

#[test]
fn console_block() {
    testkit::run_console_blocks();
}

/// Five workers, of which two come when the others are at work.
#[test]
fn ten_thousand_tasks_each_done_once() {
    let (sink, results, batches) = sink(FREE_PORT, FREE_PORT);
    let ventilator = ventilator(FREE_PORT, &batches, "10000");
    let tasks = ventilator.endpoint_in_line(1);
    let mut workers: Vec<Program> =
        (0..3).map(|_| worker(&tasks, &results)).collect();
    sink.wait_for("\nLote: 10000 tarefas\n");
    workers.extend((0..2).map(|_| worker(&tasks, &results)));

    let done: Vec<u32> = workers.into_iter().map(done).collect();
    assert_eq!(done.iter().sum::<u32>(), 10_000, "{done:?}");
    assert!(!done.contains(&0), "one had nothing to do: {done:?}");
    assert_complete(sink, ventilator, 10_000);
}

/// The sink comes last, after the workers and the ventilator.
#[test]
fn order_of_starting_does_not_matter() {
    let [tasks, results, batches] = [Ipc::new(), Ipc::new(), Ipc::new()];
    let workers =
        [(); 2].map(|()| worker(&tasks.endpoint(), &results.endpoint()));
    for worker in &workers {
        worker.wait_for_lines(1);
    }
    let ventilator = ventilator(&tasks.endpoint(), &batches.endpoint(), "100");
    ventilator.wait_for_lines(1);
    let (sink, ..) = sink(&results.endpoint(), &batches.endpoint());
    assert_eq!(workers.map(done).iter().sum::<u32>(), 100);
    assert_complete(sink, ventilator, 100);
}

#[test]
fn python_worker_over_tcp_and_ipc() {
    let ipc = [Ipc::new(), Ipc::new(), Ipc::new()];
    let ipc = ipc.each_ref().map(Ipc::endpoint);
    for [tasks, results, batches] in
        [[FREE_PORT; 3], ipc.each_ref().map(String::as_str)]
    {
        let (sink, results, batches) = sink(results, batches);
        let ventilator = ventilator(tasks, &batches, "50");
        let tasks = ventilator.endpoint_in_line(1);
        let python =
            Program::start(peer("zmq_pull_worker.py").args([&tasks, &results]));
        assert_eq!(done(python), 50);
        assert_complete(sink, ventilator, 50);
    }
}

/// Every number below the limit is in one task and no other.
#[test]
fn tasks_cover_all_numbers_once() {
    for count in ["1", "7", "1000"] {
        let (_sink, _, batches) = sink(FREE_PORT, FREE_PORT);
        let ventilator = ventilator(FREE_PORT, &batches, count);
        let pull = zmq::Context::new().socket(zmq::PULL).expect("a socket");
        pull.set_rcvtimeo(DEADLINE.as_millis() as i32)
            .expect("a limit");
        pull.connect(&ventilator.endpoint_in_line(1))
            .expect("connect");
        let mut end = 0;
        for number in 0..count.parse().expect("a number") {
            let task = pull.recv_bytes(0).expect("a task");
            let task = String::from_utf8(task).expect("text");
            let fields: Vec<u32> = task
                .split(' ')
                .map(|field| field.parse().expect("a number"))
                .collect();
            assert_eq!(fields[..2], [number, end]);
            end = fields[2];
        }
        assert_eq!(end, 1_000_000);
    }
}

#[test]
fn endpoint_refused() {
    refused(
        "zmq_push_ventilator",
        true,
        "Não foi possível escutar em ENDPOINT: a porta está ocupada ou o \
         endereço não serve ([..]). Escolha outro: cargo run -p \
         zmq_push_ventilator -- tcp://127.0.0.1:5565",
    );
    for wrong in ["0", "-1", "banana", "1000001"] {
        Program::start(lesson("zmq_push_ventilator").args([FREE_PORT, wrong]))
            .finish()
            .assert_fails_with(
                "Quantas tarefas, de 1 a 1000000? Um exemplo: cargo run -p \
                 zmq_push_ventilator -- 1000",
            );
    }
}

/// Without a sink, with a sink but without workers, and with tasks on their way
/// to a worker that never takes them.
#[cfg(unix)]
#[test]
fn ctrl_c() {
    use testkit::endpoints::ends_with_ctrl_c;

    let nobody = Ipc::new();
    let alone = ventilator(FREE_PORT, &nobody.endpoint(), "10");
    alone.wait_for_lines(1);
    ends_with_ctrl_c(alone);

    let (idle, _, batches) = sink(FREE_PORT, FREE_PORT);
    let waiting = ventilator(FREE_PORT, &batches, "10");
    idle.wait_for("\nLote: 10 tarefas\n");
    thread::scope(|scope| {
        scope.spawn(|| ends_with_ctrl_c(waiting));
        scope.spawn(|| ends_with_ctrl_c(idle));
    });

    let (collecting, _, batches) = sink(FREE_PORT, FREE_PORT);
    let busy = ventilator(FREE_PORT, &batches, "100000");
    let deaf = zmq::Context::new().socket(zmq::PULL).expect("a socket");
    deaf.set_rcvtimeo(DEADLINE.as_millis() as i32)
        .expect("a limit");
    deaf.set_rcvhwm(1).expect("a short queue");
    deaf.set_rcvbuf(4096).expect("a small buffer");
    deaf.connect(&busy.endpoint_in_line(1)).expect("connect");
    // With the first one here, the next are on their way.
    deaf.recv_bytes(0).expect("a task");
    ends_with_ctrl_c(busy);
    ends_with_ctrl_c(collecting);
}
