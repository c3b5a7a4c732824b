//! # Exercício 8: um lote repartido por workers, com ZeroMQ
//!
//! O enunciado está em `docs/labs/lab_pipeline_zmq.md`. O que falta fazer está
//! marcado com TODO, pela ordem em que convém fazê-lo.
//!
//! ```console
//! $ cargo run -p lab_pipeline_zmq -- worker
//! Worker de tcp://127.0.0.1:5557 para tcp://127.0.0.1:5558
//!
//! # noutro terminal
//! $ cargo run -p lab -- check lab_pipeline_zmq
//! ```

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{env, process, thread};

const ENDPOINT: &str = "tcp://127.0.0.1:5557";

/// Fica verdadeiro com Ctrl-C.
static STOPPING: AtomicBool = AtomicBool::new(false);

fn main() {
    let mut words: Vec<String> = env::args().skip(1).collect();
    let endpoint = match words.first() {
        Some(word) if word.contains("://") => words.remove(0),
        _ => ENDPOINT.to_string(),
    };
    if let Err(error) = run(&endpoint, &words) {
        eprintln!("{error}");
        process::exit(1);
    }
}

fn run(endpoint: &str, words: &[String]) -> Result<(), Box<dyn Error>> {
    ctrlc::set_handler(|| STOPPING.store(true, Ordering::Relaxed))?;
    let [tasks, results, batches] = &endpoints(endpoint)?;
    let context = zmq::Context::new();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["worker"] => work(&context, tasks, results, Duration::ZERO),
        ["worker", millis] => {
            let pause = Duration::from_millis(argument(millis)?);
            work(&context, tasks, results, pause)
        }
        ["sink"] => collect(&context, results, batches),
        ["ventilator", count] => {
            ventilate(&context, tasks, batches, argument(count)?)
        }
        _ => Err("Falta o papel: worker, sink ou ventilator 100. Um \
                  exemplo: cargo run -p lab_pipeline_zmq -- worker"
            .into()),
    }
}

fn argument(word: &str) -> Result<u64, Box<dyn Error>> {
    word.parse().map_err(|_| {
        format!(
            "«{word}» não é um número. Um exemplo: \
             cargo run -p lab_pipeline_zmq -- worker 400"
        )
        .into()
    })
}

/// As tarefas, os resultados e os lotes: três portas seguidas.
fn endpoints(endpoint: &str) -> Result<[String; 3], Box<dyn Error>> {
    let port = endpoint.rsplit_once(':').and_then(|(host, port)| {
        let port: u16 = port.parse().ok()?;
        Some((host, port, port.checked_add(2)?))
    });
    let Some((host, port, _)) = port else {
        return Err(format!(
            "«{endpoint}» não é um endereço que sirva. Um exemplo: {ENDPOINT}"
        )
        .into());
    };
    Ok([0, 1, 2].map(|offset| format!("{host}:{}", port + offset)))
}

fn bind(
    context: &zmq::Context,
    kind: zmq::SocketType,
    endpoint: &str,
) -> Result<zmq::Socket, Box<dyn Error>> {
    let socket = context.socket(kind)?;
    // TODO 4: quanto tempo se espera, no fim, por quem não recebeu tudo?
    socket.bind(endpoint).map_err(|error| {
        format!(
            "Não foi possível escutar em {endpoint}: a porta está ocupada ou \
             o endereço não serve ({error}). Escolha outro: \
             cargo run -p lab_pipeline_zmq -- tcp://127.0.0.1:5567 …"
        )
    })?;
    Ok(socket)
}

fn connect(
    context: &zmq::Context,
    kind: zmq::SocketType,
    endpoint: &str,
) -> Result<zmq::Socket, Box<dyn Error>> {
    let socket = context.socket(kind)?;
    // TODO 4: o mesmo, para o que ninguém chegou a receber.
    socket.connect(endpoint).map_err(|error| {
        format!(
            "«{endpoint}» não é um endereço que sirva ({error}). Um exemplo: \
             cargo run -p lab_pipeline_zmq -- {ENDPOINT} worker"
        )
    })?;
    Ok(socket)
}

fn work(
    context: &zmq::Context,
    tasks: &str,
    results: &str,
    pause: Duration,
) -> Result<(), Box<dyn Error>> {
    let _tasks = connect(context, zmq::REQ, tasks)?;
    let _results = connect(context, zmq::PUSH, results)?;
    println!("Worker de {tasks} para {results}");
    while !STOPPING.load(Ordering::Relaxed) {
        // TODO 1: peça uma tarefa com READY, faça-a, envie o resultado ao
        // sink, e outra vez; até vir END. E se vier outra coisa?
        thread::sleep(pause.max(Duration::from_millis(100)));
    }
    Ok(())
}

fn collect(
    context: &zmq::Context,
    results: &str,
    batches: &str,
) -> Result<(), Box<dyn Error>> {
    let _workers = bind(context, zmq::PULL, results)?;
    let _ventilator = bind(context, zmq::REP, batches)?;
    println!("Sink a escutar em {results} e {batches}");
    while !STOPPING.load(Ordering::Relaxed) {
        // TODO 2: receba de um socket ou do outro (`zmq::poll` espera nos
        // dois). A resposta ao BATCH só se envia quando há um resultado de
        // cada tarefa.
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn ventilate(
    context: &zmq::Context,
    tasks: &str,
    batches: &str,
    count: u64,
) -> Result<(), Box<dyn Error>> {
    let _workers = bind(context, zmq::REP, tasks)?;
    let _sink = connect(context, zmq::REQ, batches)?;
    println!("Ventilator de {count} tarefas a escutar em {tasks}");
    while !STOPPING.load(Ordering::Relaxed) {
        // TODO 3: anuncie o lote ao sink, e responda a cada pedido dos
        // workers. Quando é que já ninguém vem pedir mais?
        thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
