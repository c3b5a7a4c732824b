//! Lab 8: a batch shared out among workers, over ZeroMQ.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use programs::Port;

use crate::bytes::Expected;
use crate::check::{Check, Lab, Needs};
use crate::outcome::{Failure, Outcome};
use crate::peers::zmq::{Kind, Listener, Socket, connect};
use crate::trial::{Trial, free_ports};

/// How long a program may take to end where nothing keeps it.
const END: Duration = Duration::from_secs(5);

/// How long a whole batch may take, of which the work is two seconds.
const BATCH: Duration = Duration::from_secs(15);

const SLIDE: &str = "Padrão: Sem Broker (ZeroMQ / ØMQ)";

pub const LAB: Lab = Lab {
    name: "lab_pipeline_zmq",
    title: "um lote repartido por workers, um deles lento, com ZeroMQ",
    needs: Needs::Nothing,
    checks: &[
        Check {
            name: "worker_task",
            about: "o worker pede uma tarefa, fá-la e entrega o resultado",
            demands: &[1, 2],
            cause: "Por REQ, READY; a resposta é TASK e um número; por PUSH, \
                    para o sink, RESULT, o número e o seu quadrado; e outra \
                    vez READY.",
            slide: SLIDE,
            read: "zmq_pull_worker",
            run: worker_task,
        },
        Check {
            name: "worker_busy",
            about: "um worker lento só pede outra quando acaba a que tem",
            demands: &[4],
            cause: "Uma tarefa que se pede antes de tempo fica à espera deste \
                    worker, mesmo com outros livres. O número depois de \
                    worker são os milissegundos que cada tarefa demora.",
            slide: SLIDE,
            read: "zmq_pull_worker",
            run: worker_busy,
        },
        Check {
            name: "worker_garbage",
            about: "o worker que recebe o que não é uma tarefa pede outra",
            demands: &[7, 16],
            cause: "O que se recebe pode ser qualquer coisa: vazio, bytes que \
                    não são texto, vários frames. Um REQ só pode enviar outra \
                    vez depois de receber todos os frames da resposta \
                    (`recv_multipart`).",
            slide: SLIDE,
            read: "zmq_pull_worker",
            run: worker_garbage,
        },
        Check {
            name: "worker_end",
            about: "com END o worker termina, e o último resultado não se perde",
            demands: &[5, 6, 17],
            cause: "Ao fechar um socket, LINGER diz quanto tempo se espera por \
                    quem ainda não recebeu tudo: com 0, o que falta perde-se. \
                    Aqui é um segundo.",
            slide: SLIDE,
            read: "zmq_pull_worker",
            run: worker_end,
        },
        Check {
            name: "sink_total",
            about: "o sink junta os resultados do lote, responde END e termina",
            demands: &[3, 10, 17],
            cause: "A resposta ao BATCH só se envia quando há um resultado de \
                    cada tarefa. Até lá, os resultados vão chegando pelo \
                    outro socket: espere pelos dois ao mesmo tempo.",
            slide: SLIDE,
            read: "zmq_pull_sink",
            run: sink_total,
        },
        Check {
            name: "sink_order",
            about: "o lote pode ser anunciado no fim, e pode ser vazio",
            demands: &[8],
            cause: "Os resultados que chegam antes do BATCH também contam: \
                    guarde-os. E um lote de 0 tarefas está completo logo que \
                    se anuncia.",
            slide: SLIDE,
            read: "zmq_pull_sink",
            run: sink_order,
        },
        Check {
            name: "sink_repeats",
            about: "um resultado repetido, ou de fora do lote, não conta",
            demands: &[9],
            cause: "Não conte mensagens: guarde, para cada número de 1 ao \
                    tamanho do lote, o seu resultado.",
            slide: SLIDE,
            read: "zmq_pull_sink",
            run: sink_repeats,
        },
        Check {
            name: "sink_garbage",
            about: "o sink deita fora o que não se percebe, ou responde ERR",
            demands: &[11, 16],
            cause: "Um REP que recebeu um pedido tem de lhe responder, mesmo \
                    que não o perceba: antes disso não pode receber outro. \
                    Uma mensagem de vários frames não é um resultado.",
            slide: SLIDE,
            read: "zmq_pull_sink",
            run: sink_garbage,
        },
        Check {
            name: "ventilator_deals",
            about: "o ventilator dá cada tarefa uma vez, e depois diz END",
            demands: &[1, 3, 12, 17],
            cause: "Ao começar, BATCH ao sink; a cada READY, a tarefa \
                    seguinte; quando não há mais, END, sempre que alguém \
                    pedir.",
            slide: SLIDE,
            read: "zmq_push_ventilator",
            run: ventilator_deals,
        },
        Check {
            name: "ventilator_slow",
            about: "um worker lento tem uma tarefa, e os outros fazem o resto",
            demands: &[12, 13, 14],
            cause: "Quem pede recebe logo: o ventilator não espera por quem \
                    está a trabalhar, não conta os workers, e não termina \
                    antes de o sink responder e de passar um segundo sem \
                    ninguém pedir.",
            slide: SLIDE,
            read: "zmq_push_ventilator",
            run: ventilator_slow,
        },
        Check {
            name: "ventilator_garbage",
            about: "o ventilator responde ERR ao que não se percebe",
            demands: &[12, 15, 16],
            cause: "Um REP que recebeu um pedido, com todos os seus frames, tem \
                    de lhe responder: antes disso não pode receber outro. \
                    Uma tarefa não se gasta com quem não a pediu.",
            slide: SLIDE,
            read: "zmq_push_ventilator",
            run: ventilator_garbage,
        },
        Check {
            name: "together",
            about: "os três juntos fazem um lote, e terminam sozinhos",
            demands: &[13, 17],
            cause: "Cada papel está bem sozinho; juntos, algum espera pelo que \
                    outro já não diz. Inicie-os à mão, cada um no seu \
                    terminal, e veja qual não termina.",
            slide: SLIDE,
            read: "zmq_push_ventilator",
            run: together,
        },
        #[cfg(unix)]
        Check {
            name: "ctrl_c",
            about: "Ctrl-C termina qualquer um, mesmo sem ninguém do outro lado",
            demands: &[18],
            cause: "Ou a espera por uma mensagem não dá pelo Ctrl-C, ou é o \
                    fim que não acaba: sem LINGER, fechar espera para sempre \
                    por quem receba o que falta.",
            slide: SLIDE,
            read: "zmq_pull_worker",
            run: ctrl_c,
        },
    ],
    hints: &[
        "Comece pelo worker, que é um só ciclo: envia READY, recebe, faz, \
         envia o resultado. Só depois de uma tarefa feita volta ao princípio, \
         e é isso que faz com que um worker lento receba poucas.",
        "Uma função que recebe um texto e diz se é `TASK` e um número serve \
         também para `RESULT` e `BATCH`. O que não é assim não chega ao resto \
         do programa. `recv_multipart` recebe a mensagem toda: se vier mais \
         do que um frame, não é nenhuma destas.",
        "O sink guarda os resultados num mapa, de número para valor. O lote \
         está completo quando o mapa tem tantos quantos o BATCH anunciou, sem \
         contar os de fora. Só então responde ao ventilator.",
        "O ventilator tem dois sockets, e nunca fica parado num: espera uns \
         milissegundos por um pedido, e depois vê se o sink já respondeu. A \
         partir daí, conta o tempo desde o último pedido.",
        "LINGER é o que um socket espera, ao fechar, por quem não recebeu \
         tudo: −1, para sempre, se não disser nada; 0, nada. E um `recv` com \
         limite de tempo (RCVTIMEO, ou `poll`) deixa ver o Ctrl-C.",
    ],
};

/// The ports of a run: tasks, results and batches.
struct Ports([SocketAddr; 3]);

impl Ports {
    fn free(trial: &mut Trial) -> Outcome<Ports> {
        let ports = free_ports()?;
        let addresses = ports.each_ref().map(Port::address);
        trial.keeps(ports);
        Ok(Ports(addresses))
    }

    /// Starts the program in one of its roles.
    fn start(&self, trial: &mut Trial, name: &str, words: &[&str]) -> Outcome {
        trial.start_as(name, &format!("tcp://{}", self.0[0]), words)
    }

    fn tasks(&self) -> SocketAddr {
        self.0[0]
    }

    fn results(&self) -> SocketAddr {
        self.0[1]
    }

    fn batches(&self) -> SocketAddr {
        self.0[2]
    }
}

/// What no one understands, in one frame.
const GARBAGE: [&[u8]; 4] =
    [b"", "olá".as_bytes(), b"\xff\xfe", &[b'x'; 70_000]];

fn result(number: u64) -> String {
    format!("RESULT {number} {}", number * number)
}

/// The program's line that starts like this one is this one.
fn writes(
    trial: &mut Trial,
    name: &str,
    line: &str,
    time: Duration,
) -> Outcome {
    let (start, _) = line.split_once(' ').unwrap_or((line, ""));
    let written =
        trial.prints(name, time, &format!("«{start} …»"), |line| {
            line.starts_with(start)
        })?;
    if written == line {
        return Ok(());
    }
    Err(Failure::new(format!("o {name} fez outras contas"))
        .comparing(Expected::exactly(line), written.as_bytes()))
}

fn ends_well(trial: &mut Trial, name: &str) -> Outcome {
    match trial.ends(name, END)? {
        Some(0) => Ok(()),
        _ => Err(Failure::new(format!(
            "o {name} não terminou com o código 0"
        ))),
    }
}

/// A worker, with the checker's ventilator, and where its sink is.
fn worker(trial: &mut Trial, words: &[&str]) -> Outcome<(Socket, Listener)> {
    let ports = Ports::free(trial)?;
    let tasks = Listener::bind("ventilator", ports.tasks())?;
    let results = Listener::bind("sink", ports.results())?;
    ports.start(trial, "worker", words)?;
    Ok((tasks.opens(trial, Kind::Rep)?, results))
}

fn worker_task(trial: &mut Trial) -> Outcome {
    let (mut ventilator, results) = worker(trial, &["worker"])?;
    let numbers = [0; 3].map(|_| trial.random.between(10, 9999));
    ventilator.expects("READY")?;
    ventilator.sends(format!("TASK {}", numbers[0]))?;
    let mut sink = results.opens(trial, Kind::Pull)?;
    sink.expects(&result(numbers[0]))?;
    for number in &numbers[1..] {
        ventilator.expects("READY")?;
        ventilator.sends(format!("TASK {number}"))?;
        sink.expects(&result(*number))?;
    }
    ventilator.expects("READY")
}

fn worker_busy(trial: &mut Trial) -> Outcome {
    let (mut ventilator, results) = worker(trial, &["worker", "1500"])?;
    for number in [3, 4] {
        ventilator.expects("READY")?;
        ventilator.sends(format!("TASK {number}"))?;
        ventilator.expects_silence()?;
    }
    let mut sink = results.opens(trial, Kind::Pull)?;
    sink.expects(&result(3))?;
    sink.expects(&result(4))
}

fn worker_garbage(trial: &mut Trial) -> Outcome {
    let (mut ventilator, results) = worker(trial, &["worker"])?;
    ventilator.expects("READY")?;
    let almost = ["ERR", "TASK", "TASK sete", "TASK 7 8", "RESULT 7 49"];
    for text in GARBAGE.into_iter().chain(almost.map(str::as_bytes)) {
        ventilator.sends(text)?;
        ventilator.expects("READY")?;
    }
    ventilator.sends_frames(&["TASK 7", "TASK 8"])?;
    ventilator.expects("READY")?;
    let number = trial.random.between(10, 9999);
    ventilator.sends(format!("TASK {number}"))?;
    let mut sink = results.opens(trial, Kind::Pull)?;
    sink.expects(&result(number))
}

/// Does once what a program waits a second for, and what came of it, and when:
/// so long after the program was told that the second begins. On a busy machine
/// that can be too late; so a program that waited for all of it gets another
/// chance.
fn within_a_second(
    trial: &mut Trial,
    name: &str,
    once: impl Fn(&mut Trial) -> Outcome<(Duration, Outcome)>,
) -> Outcome {
    const ALMOST: Duration = Duration::from_millis(950);
    const TRIES: usize = 5;
    let before = trial.steps.all().len();
    for _ in 1..TRIES {
        let (after, came) = once(trial)?;
        let mut waited = || trial.named(name).is_ending().is_some();
        if came.is_ok() || after < ALMOST || !waited() {
            return came;
        }
        trial.steps.forgets_after(before);
    }
    once(trial)?.1
}

/// A worker that is told to end before the sink has its last result.
fn last_result(trial: &mut Trial) -> Outcome<(Duration, Outcome)> {
    let (mut ventilator, results) = worker(trial, &["worker"])?;
    ventilator.expects("READY")?;
    ventilator.sends("TASK 12")?;
    // The sink takes its time to shake hands.
    let client = results.accept(trial)?;
    ventilator.expects("READY")?;
    trial.lets_end("worker");
    let start = Instant::now();
    ventilator.sends("END")?;
    thread::sleep(Duration::from_millis(200));
    client.did("só agora se apresenta");
    let opened = Socket::open(client, Kind::Pull);
    let gone = opened.is_err();
    let opened = opened.map_err(|_| {
        Failure::new("o worker já se foi, e o último resultado com ele")
    });
    let came = opened.and_then(|mut sink| sink.expects(&result(12)));
    let after = start.elapsed();
    if gone {
        // Its last words may still be on their way.
        let done = |line: &str| line.starts_with("Feitas");
        let _ = trial.prints("worker", END, "", done);
    }
    Ok((after, came))
}

fn worker_end(trial: &mut Trial) -> Outcome {
    within_a_second(trial, "worker", last_result)?;
    writes(trial, "worker", "Feitas: 1 tarefas", END)?;
    ends_well(trial, "worker")?;

    // One whose result nobody takes.
    let (mut ventilator, results) = worker(trial, &["worker"])?;
    drop(results);
    ventilator.expects("READY")?;
    ventilator.sends("TASK 5")?;
    ventilator.expects("READY")?;
    trial.lets_end("worker");
    ventilator.sends("END")?;
    ends_well(trial, "worker").map_err(|failure| {
        failure.because(
            "Sem LINGER, fechar um socket espera para sempre por quem receba o \
             que falta. Um segundo, e o que ninguém quis perde-se.",
        )
    })?;

    // One that comes when all is done.
    let (mut ventilator, _results) = worker(trial, &["worker"])?;
    ventilator.expects("READY")?;
    trial.lets_end("worker");
    ventilator.sends("END")?;
    writes(trial, "worker", "Feitas: 0 tarefas", END)?;
    ends_well(trial, "worker")
}

/// A sink, with the checker's ventilator and a worker.
fn sink(trial: &mut Trial) -> Outcome<(Socket, Socket, Ports)> {
    let ports = Ports::free(trial)?;
    ports.start(trial, "sink", &["sink"])?;
    let batches = ports.batches();
    let ventilator = connect(trial, "ventilator", batches, Kind::Req)?;
    let worker = connect(trial, "worker 1", ports.results(), Kind::Push)?;
    Ok((ventilator, worker, ports))
}

/// A result is missing, and the sink waits for it.
fn no_end_yet(trial: &mut Trial, ventilator: &mut Socket) -> Outcome {
    // An END too early says more than the sink's own end.
    trial.lets_end("sink");
    let silent = ventilator.expects_silence();
    if silent.is_err() {
        let total = |line: &str| line.starts_with("Total");
        let _ = trial.prints("sink", END, "", total);
    }
    silent
}

/// The sink has all the results, says so, and ends.
fn sink_ends(
    trial: &mut Trial,
    ventilator: &mut Socket,
    total: u64,
) -> Outcome {
    trial.lets_end("sink");
    ventilator.expects("END")?;
    writes(trial, "sink", &format!("Total: {total}"), END)?;
    ends_well(trial, "sink")
}

fn sink_total(trial: &mut Trial) -> Outcome {
    let (mut ventilator, mut first, ports) = sink(trial)?;
    let results = ports.results();
    let mut second = connect(trial, "worker 2", results, Kind::Push)?;
    let values = [0; 4].map(|_| trial.random.between(100, 9999));
    ventilator.sends("BATCH 4")?;
    for (number, value) in [4, 2, 1].into_iter().zip(values) {
        let worker = if number == 2 { &mut second } else { &mut first };
        worker.sends(format!("RESULT {number} {value}"))?;
    }
    no_end_yet(trial, &mut ventilator)?;
    second.sends(format!("RESULT 3 {}", values[3]))?;
    sink_ends(trial, &mut ventilator, values.iter().sum())
}

fn sink_order(trial: &mut Trial) -> Outcome {
    let (mut ventilator, mut worker, _) = sink(trial)?;
    let values = [0; 3].map(|_| trial.random.between(100, 9999));
    for (index, value) in values.iter().enumerate() {
        worker.sends(format!("RESULT {} {value}", index + 1))?;
    }
    ventilator.sends("BATCH 3")?;
    sink_ends(trial, &mut ventilator, values.iter().sum())?;

    let (mut ventilator, _, _) = sink(trial)?;
    ventilator.sends("BATCH 0")?;
    sink_ends(trial, &mut ventilator, 0)
}

fn sink_repeats(trial: &mut Trial) -> Outcome {
    let (mut ventilator, mut worker, _) = sink(trial)?;
    worker.sends("RESULT 8 64")?;
    ventilator.sends("BATCH 3")?;
    ventilator.expects_silence()?;
    for text in ["RESULT 1 1", "RESULT 2 4", "RESULT 2 4", "RESULT 7 49"] {
        worker.sends(text)?;
    }
    // Just outside of the batch.
    worker.sends("RESULT 0 0")?;
    worker.sends("RESULT 4 16")?;
    no_end_yet(trial, &mut ventilator)?;
    worker.sends("RESULT 3 9")?;
    sink_ends(trial, &mut ventilator, 14)
}

fn sink_garbage(trial: &mut Trial) -> Outcome {
    let (mut ventilator, mut worker, _) = sink(trial)?;
    let almost = ["RESULT", "RESULT 1", "RESULT 1 um", "RESULT 1 1 1"];
    for text in GARBAGE.into_iter().chain(almost.map(str::as_bytes)) {
        worker.sends(text)?;
    }
    worker.sends_frames(&["RESULT 1 100", "RESULT 2 100"])?;
    let almost = ["BATCH", "BATCH dez", "BATCH -1", "BATCH 1 2", "READY"];
    for text in GARBAGE.into_iter().chain(almost.map(str::as_bytes)) {
        ventilator.sends(text)?;
        ventilator.expects_error()?;
    }
    ventilator.sends_frames(&["BATCH 3", "BATCH 3"])?;
    ventilator.expects_error()?;
    ventilator.sends("BATCH 2")?;
    worker.sends("RESULT 1 1")?;
    worker.sends("RESULT 2 4")?;
    sink_ends(trial, &mut ventilator, 5)
}

/// A ventilator, with the checker's sink.
fn ventilator(trial: &mut Trial, count: u64) -> Outcome<(Socket, Ports)> {
    let ports = Ports::free(trial)?;
    let batches = Listener::bind("sink", ports.batches())?;
    let count = count.to_string();
    ports.start(trial, "ventilator", &["ventilator", &count])?;
    let mut sink = batches.opens(trial, Kind::Rep)?;
    sink.expects(&format!("BATCH {count}"))?;
    Ok((sink, ports))
}

/// A worker asks, and gets a task or, where there are no more, `None`.
fn ask(worker: &mut Socket) -> Outcome<Option<u64>> {
    worker.sends_quietly("READY")?;
    let answer = worker.hears("TASK …")?;
    worker.did(format!("envia «READY» e recebe «{answer}»"));
    if answer == "END" {
        return Ok(None);
    }
    let number = answer.strip_prefix("TASK ");
    match number.and_then(|number| number.parse().ok()) {
        Some(number) => Ok(Some(number)),
        None => {
            Err(worker.mismatch(Expected::exactly("TASK "), answer.as_bytes()))
        }
    }
}

/// Each task of the batch was given, and once.
fn all_given(mut given: Vec<u64>, count: u64) -> Outcome {
    given.sort_unstable();
    for number in 1..=count {
        let times = given.iter().filter(|one| **one == number).count();
        match times {
            0 => {
                return Err(Failure::new(format!(
                    "ninguém recebeu a tarefa {number}, de {count}"
                )));
            }
            1 => {}
            _ => {
                return Err(Failure::new(format!(
                    "a tarefa {number} foi dada {times} vezes"
                )));
            }
        }
    }
    match given.iter().find(|number| !(1..=count).contains(*number)) {
        None => Ok(()),
        Some(number) => Err(Failure::new(format!(
            "a tarefa {number} não é de um lote de {count}"
        ))),
    }
}

fn ventilator_deals(trial: &mut Trial) -> Outcome {
    let tasks = trial.random.between(6, 12);
    let (mut sink, ports) = ventilator(trial, tasks)?;
    let mut worker = connect(trial, "worker", ports.tasks(), Kind::Req)?;
    let mut given = Vec::new();
    for _ in 0..tasks {
        given.extend(ask(&mut worker)?);
    }
    all_given(given, tasks)?;
    for _ in 0..2 {
        worker.sends("READY")?;
        worker.expects("END")?;
    }
    trial.lets_end("ventilator");
    sink.sends("END")?;
    ends_well(trial, "ventilator")
}

fn ventilator_slow(trial: &mut Trial) -> Outcome {
    within_a_second(trial, "ventilator", slow_worker)?;
    ends_well(trial, "ventilator")
}

/// A worker whose one task takes as long as all the others together.
fn slow_worker(trial: &mut Trial) -> Outcome<(Duration, Outcome)> {
    const TASKS: u64 = 20;
    let (mut sink, ports) = ventilator(trial, TASKS)?;
    // Its end explains nothing that the check does not.
    trial.lets_end("ventilator");
    let tasks = ports.tasks();
    let mut slow = connect(trial, "worker lento", tasks, Kind::Req)?;
    let mut given: Vec<u64> = ask(&mut slow)?.into_iter().collect();
    slow.did("fica muito tempo com esta");
    let mut fast = connect(trial, "worker rápido", tasks, Kind::Req)?;
    for _ in 0..10 {
        given.extend(ask(&mut fast)?);
    }
    let mut late = connect(trial, "worker tardio", tasks, Kind::Req)?;
    for _ in 0..TASKS {
        match (ask(&mut late)?, ask(&mut fast)?) {
            (None, None) => break,
            (one, other) => given.extend(one.into_iter().chain(other)),
        }
    }
    all_given(given, TASKS)?;
    if trial.survives().is_err() {
        return Err(Failure::new(
            "o ventilator terminou antes de o lote estar feito",
        ));
    }
    let mut start = Instant::now();
    sink.sends("END")?;
    thread::sleep(Duration::from_millis(400));
    // Each request makes the second begin again.
    let asked = Instant::now();
    let mut came = slow.sends("READY").and_then(|()| slow.expects("END"));
    if came.is_ok() {
        start = asked;
        thread::sleep(Duration::from_millis(700));
        came = slow.sends("READY").and_then(|()| slow.expects("END"));
    }
    Ok((start.elapsed(), came))
}

fn ventilator_garbage(trial: &mut Trial) -> Outcome {
    let (mut sink, ports) = ventilator(trial, 1)?;
    let mut worker = connect(trial, "worker", ports.tasks(), Kind::Req)?;
    let almost = ["READY 1", "ready", "BATCH 1", "RESULT 1 1"];
    for text in GARBAGE.into_iter().chain(almost.map(str::as_bytes)) {
        worker.sends(text)?;
        worker.expects_error()?;
    }
    worker.sends_frames(&["READY", "READY"])?;
    worker.expects_error()?;
    worker.sends("READY")?;
    worker.expects("TASK 1")?;
    trial.lets_end("ventilator");
    sink.sends("END")?;
    ends_well(trial, "ventilator")?;

    let (mut sink, ports) = ventilator(trial, 0)?;
    let mut worker = connect(trial, "worker", ports.tasks(), Kind::Req)?;
    worker.sends("READY")?;
    worker.expects("END")?;
    trial.lets_end("ventilator");
    sink.sends("END")?;
    ends_well(trial, "ventilator")
}

fn together(trial: &mut Trial) -> Outcome {
    const TASKS: u64 = 60;
    let ports = Ports::free(trial)?;
    let count = TASKS.to_string();
    let programs: [(&str, &[&str]); 4] = [
        ("lento", &["worker", "1500"]),
        ("rápido", &["worker", "20"]),
        ("ventilator", &["ventilator", &count]),
        ("sink", &["sink"]),
    ];
    for (name, words) in programs {
        ports.start(trial, name, words)?;
        trial.lets_end(name);
    }
    let total: u64 = (1..=TASKS).map(|number| number * number).sum();
    writes(trial, "sink", &format!("Total: {total}"), BATCH)?;
    let mut done = Vec::new();
    for name in ["rápido", "lento"] {
        let line = trial.prints(name, END, "«Feitas: N tarefas»", |line| {
            line.starts_with("Feitas: ")
        })?;
        let count = line.split(' ').nth(1).and_then(|word| word.parse().ok());
        done.push(count.unwrap_or(0));
    }
    if done[0] + done[1] != TASKS {
        return Err(Failure::new(format!(
            "os dois workers dizem que fizeram {} e {} tarefas, de {TASKS}",
            done[0], done[1]
        )));
    }
    for (name, _) in programs {
        ends_well(trial, name)?;
    }
    Ok(())
}

#[cfg(unix)]
fn ctrl_c(trial: &mut Trial) -> Outcome {
    // A question on its way to someone who never speaks.
    let ports = Ports::free(trial)?;
    let tasks = Listener::bind("ventilator", ports.tasks())?;
    ports.start(trial, "worker", &["worker"])?;
    let client = tasks.accept(trial)?;
    client.did("nunca diz nada");
    trial.interrupts(|| {})?;

    // A result that nobody takes.
    let (mut ventilator, results) = worker(trial, &["worker"])?;
    drop(results);
    ventilator.expects("READY")?;
    ventilator.sends("TASK 3")?;
    ventilator.expects("READY")?;
    trial.interrupts(|| {})?;

    // A batch that nobody hears of.
    let ports = Ports::free(trial)?;
    ports.start(trial, "ventilator", &["ventilator", "5"])?;
    let mut worker = connect(trial, "worker", ports.tasks(), Kind::Req)?;
    ask(&mut worker)?;
    trial.interrupts(|| {})?;

    // One whose results do not come.
    let (mut ventilator, _worker, _) = sink(trial)?;
    ventilator.sends("BATCH 3")?;
    ventilator.expects_silence()?;
    trial.interrupts(|| {})
}
