//~ //! # Exercício 8: um lote repartido por workers, com ZeroMQ
//~ //!
//~ //! O enunciado está em `docs/labs/lab_pipeline_zmq.md`. O que falta fazer está
//~ //! marcado com TODO, pela ordem em que convém fazê-lo.
//~ //!
//~ //! ```console
//~ //! $ cargo run -p lab_pipeline_zmq -- worker
//~ //! Worker de tcp://127.0.0.1:5557 para tcp://127.0.0.1:5558
//~ //!
//~ //! # noutro terminal
//~ //! $ cargo run -p lab -- check lab_pipeline_zmq
//~ //! ```
//{
//! # Exercício 8, resolvido: um lote repartido por workers, com ZeroMQ
//!
//! `cargo run -p lab_pipeline_zmq --example lab_pipeline_zmq_solution -- worker`
//!
//! O ponto de partida, `src/main.rs`, faz-se deste ficheiro: as linhas com
//! `//~` ficam no lugar do que está entre `//{` e `//}`.
//}

//~ use std::error::Error;
//~ use std::sync::atomic::{AtomicBool, Ordering};
//~ use std::time::Duration;
//~ use std::{env, process, thread};
//{
use std::collections::HashMap;
use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use std::{env, process, thread};
//}

const ENDPOINT: &str = "tcp://127.0.0.1:5557";
//{

/// Quanto se espera, no fim, por quem ainda não recebeu tudo.
const LINGER: i32 = 1000;

/// O silêncio com que o ventilator se dá por terminado.
const QUIET: Duration = Duration::from_secs(1);
//}

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
    //~ // TODO 4: quanto tempo se espera, no fim, por quem não recebeu tudo?
    //{
    socket.set_linger(LINGER)?;
    //}
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
    //~ // TODO 4: o mesmo, para o que ninguém chegou a receber.
    //{
    socket.set_linger(LINGER)?;
    // Um envio que não cabe espera, mas sem deixar de ver o Ctrl-C.
    socket.set_sndtimeo(100)?;
    //}
    socket.connect(endpoint).map_err(|error| {
        format!(
            "«{endpoint}» não é um endereço que sirva ({error}). Um exemplo: \
             cargo run -p lab_pipeline_zmq -- {ENDPOINT} worker"
        )
    })?;
    Ok(socket)
}
//{

/// Se há uma mensagem, agora ou dentro deste tempo.
fn has_message(socket: &zmq::Socket, limit: i64) -> zmq::Result<bool> {
    match socket.poll(zmq::POLLIN, limit) {
        Err(zmq::Error::EINTR) => Ok(false),
        result => Ok(result? > 0),
    }
}

/// O texto da mensagem seguinte. Vários frames dão um que nada significa.
fn receive(socket: &zmq::Socket) -> zmq::Result<String> {
    let frames = socket.recv_multipart(0)?;
    Ok(String::from_utf8_lossy(&frames.join(&b'\n')).into_owned())
}

/// Envia; enquanto não houver lugar, espera. `false` se houve Ctrl-C.
fn send(socket: &zmq::Socket, text: &str) -> zmq::Result<bool> {
    while !STOPPING.load(Ordering::Relaxed) {
        match socket.send(text, 0) {
            Err(zmq::Error::EAGAIN | zmq::Error::EINTR) => {}
            result => return result.map(|()| true),
        }
    }
    Ok(false)
}

/// Os números de uma mensagem como `TASK 7`; `None` se ela não é assim.
fn numbers<const N: usize>(text: &str, word: &str) -> Option<[u64; N]> {
    let (first, rest) = text.split_once(' ')?;
    let numbers = rest.split(' ').map(|number| number.parse().ok());
    let numbers: Vec<u64> = numbers.collect::<Option<_>>()?;
    let numbers = numbers.try_into().ok()?;
    (first == word).then_some(numbers)
}
//}

fn work(
    context: &zmq::Context,
    tasks: &str,
    results: &str,
    pause: Duration,
) -> Result<(), Box<dyn Error>> {
    //~ let _tasks = connect(context, zmq::REQ, tasks)?;
    //~ let _results = connect(context, zmq::PUSH, results)?;
    //~ println!("Worker de {tasks} para {results}");
    //~ while !STOPPING.load(Ordering::Relaxed) {
    //~     // TODO 1: peça uma tarefa com READY, faça-a, envie o resultado ao
    //~     // sink, e outra vez; até vir END. E se vier outra coisa?
    //~     thread::sleep(pause.max(Duration::from_millis(100)));
    //~ }
    //~ Ok(())
    //{
    let ventilator = connect(context, zmq::REQ, tasks)?;
    let sink = connect(context, zmq::PUSH, results)?;
    println!("Worker de {tasks} para {results}");
    let mut done = 0;
    while send(&ventilator, "READY")? {
        while !has_message(&ventilator, 100)? {
            if STOPPING.load(Ordering::Relaxed) {
                return Ok(());
            }
        }
        let text = receive(&ventilator)?;
        if text == "END" {
            break;
        }
        let task = numbers(&text, "TASK");
        let result = task.and_then(|[number]| number.checked_mul(number));
        match (task, result) {
            (Some([number]), Some(square)) => {
                thread::sleep(pause);
                send(&sink, &format!("RESULT {number} {square}"))?;
                done += 1;
            }
            _ => eprintln!("Não é uma tarefa: {text:.200}"),
        }
    }
    println!("Feitas: {done} tarefas");
    Ok(())
    //}
}

fn collect(
    context: &zmq::Context,
    results: &str,
    batches: &str,
) -> Result<(), Box<dyn Error>> {
    //~ let _workers = bind(context, zmq::PULL, results)?;
    //~ let _ventilator = bind(context, zmq::REP, batches)?;
    //~ println!("Sink a escutar em {results} e {batches}");
    //~ while !STOPPING.load(Ordering::Relaxed) {
    //~     // TODO 2: receba de um socket ou do outro (`zmq::poll` espera nos
    //~     // dois). A resposta ao BATCH só se envia quando há um resultado de
    //~     // cada tarefa.
    //~     thread::sleep(Duration::from_millis(100));
    //~ }
    //~ Ok(())
    //{
    let workers = bind(context, zmq::PULL, results)?;
    let ventilator = bind(context, zmq::REP, batches)?;
    println!("Sink a escutar em {results} e {batches}");
    let mut batch = None;
    let mut known: HashMap<u64, u64> = HashMap::new();
    while batch != Some(known.len() as u64) {
        let mut sockets = [
            workers.as_poll_item(zmq::POLLIN),
            ventilator.as_poll_item(zmq::POLLIN),
        ];
        match zmq::poll(&mut sockets, 100) {
            Err(error) if error != zmq::Error::EINTR => {
                return Err(error.into());
            }
            _ if STOPPING.load(Ordering::Relaxed) => return Ok(()),
            _ => {}
        }
        if sockets[0].is_readable() {
            let text = receive(&workers)?;
            match numbers(&text, "RESULT") {
                // O que não é do lote, se já se sabe qual é, não conta; e o
                // primeiro resultado de cada tarefa é o que vale.
                Some([number, value]) => {
                    if batch.is_none_or(|size| (1..=size).contains(&number)) {
                        known.entry(number).or_insert(value);
                    }
                }
                None => eprintln!("Não é um resultado: {text:.200}"),
            }
        }
        // Enquanto não responde, um REP não recebe outro pedido.
        if batch.is_none() && sockets[1].is_readable() {
            match numbers(&receive(&ventilator)?, "BATCH") {
                Some([size]) => {
                    known.retain(|number, _| (1..=size).contains(number));
                    batch = Some(size);
                }
                None => ventilator.send("ERR BATCH n", 0)?,
            }
        }
    }
    ventilator.send("END", 0)?;
    let values = known.values().map(|value| u128::from(*value));
    println!("Total: {}", values.sum::<u128>());
    Ok(())
    //}
}

fn ventilate(
    context: &zmq::Context,
    tasks: &str,
    batches: &str,
    count: u64,
) -> Result<(), Box<dyn Error>> {
    //~ let _workers = bind(context, zmq::REP, tasks)?;
    //~ let _sink = connect(context, zmq::REQ, batches)?;
    //~ println!("Ventilator de {count} tarefas a escutar em {tasks}");
    //~ while !STOPPING.load(Ordering::Relaxed) {
    //~     // TODO 3: anuncie o lote ao sink, e responda a cada pedido dos
    //~     // workers. Quando é que já ninguém vem pedir mais?
    //~     thread::sleep(Duration::from_millis(100));
    //~ }
    //~ Ok(())
    //{
    let workers = bind(context, zmq::REP, tasks)?;
    let sink = connect(context, zmq::REQ, batches)?;
    println!("Ventilator de {count} tarefas a escutar em {tasks}");
    send(&sink, &format!("BATCH {count}"))?;
    let mut given = 0;
    let mut complete = false;
    let mut quiet_since = Instant::now();
    while !complete || quiet_since.elapsed() < QUIET {
        if STOPPING.load(Ordering::Relaxed) {
            return Ok(());
        }
        if has_message(&workers, 50)? {
            let answer = match receive(&workers)?.as_str() {
                "READY" if given < count => {
                    given += 1;
                    format!("TASK {given}")
                }
                "READY" => "END".to_string(),
                _ => "ERR READY".to_string(),
            };
            workers.send(&answer, 0)?;
            quiet_since = Instant::now();
        }
        if !complete && has_message(&sink, 0)? {
            let answer = receive(&sink)?;
            if answer != "END" {
                return Err(format!("O sink não quer o lote: {answer}").into());
            }
            complete = true;
            quiet_since = Instant::now();
        }
    }
    Ok(())
    //}
}
