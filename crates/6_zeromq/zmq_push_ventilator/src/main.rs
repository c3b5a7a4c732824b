//! # Ventilator: distribuir trabalho
//!
//! O padrão `PUSH/PULL` do diapositivo «Padrão: Sem Broker (ZeroMQ / ØMQ)»:
//! corta um trabalho em tarefas e distribui-as pelos workers que houver. O
//! trabalho é contar os números primos até um milhão.
//!
//! ```console
//! $ cargo run -p zmq_pull_sink
//! Sink a escutar em tcp://127.0.0.1:5556
//! Lotes anunciados em tcp://127.0.0.1:5557
//!
//! Lote: 1000 tarefas
//! Total: 78498 primos
//! Tempo: [..] s; trabalho: [..] s; ganho: [..] vezes
//!
//! # noutro terminal
//! $ cargo run -p zmq_push_ventilator
//! Ventilator a escutar em tcp://127.0.0.1:5555
//!
//! Enviadas: 1000 tarefas
//! Lote terminado
//!
//! # noutro terminal, ou em vários
//! $ cargo run -p zmq_pull_worker
//! Worker de tcp://127.0.0.1:5555 para tcp://127.0.0.1:5556
//! Feitas: 1000 tarefas
//! ```
//!
//! **O que muda.** O diapositivo não traz código. Os três programas podem
//! começar por qualquer ordem: cada um espera pelos outros.
//!
//! **Experimente.** Corra outra vez, com dois workers e com `--release`; o
//! resultado é o mesmo. Depois termine um worker a meio, com Ctrl-C: o que
//! diz o sink? Quem já tinha recebido tarefas levou-as consigo.

use std::env;
use std::error::Error;
#[cfg(unix)]
use std::io::ErrorKind;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

const ENDPOINT: &str = "tcp://127.0.0.1:5555";
const BATCH_ENDPOINT: &str = "tcp://127.0.0.1:5557";
const TASKS: u32 = 1000;

/// Contam-se os primos abaixo deste número.
const LIMIT: u32 = 1_000_000;

/// Fica verdadeiro com Ctrl-C.
static STOPPING: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    // Os endereços têm «://»: o das tarefas e o dos lotes, que é do sink.
    let mut words = env::args().skip(1).peekable();
    let mut endpoint = |default: &str| {
        let given = words.next_if(|word| word.contains("://"));
        given.unwrap_or(default.to_string())
    };
    let (endpoint, batches) = (endpoint(ENDPOINT), endpoint(BATCH_ENDPOINT));

    let result = match words.next().map_or(Ok(TASKS), |word| word.parse()) {
        Ok(tasks @ 1..=LIMIT) => ventilate(&endpoint, &batches, tasks),
        _ => Err(format!(
            "Quantas tarefas, de 1 a {LIMIT}? Um exemplo: \
             cargo run -p zmq_push_ventilator -- {TASKS}"
        )
        .into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn ventilate(
    endpoint: &str,
    batches: &str,
    tasks: u32,
) -> Result<(), Box<dyn Error>> {
    ctrlc::set_handler(|| STOPPING.store(true, Ordering::Relaxed))?;

    let context = zmq::Context::new();
    let workers = context.socket(zmq::PUSH)?;
    workers.set_sndtimeo(200)?; // para ver se houve Ctrl-C
    workers.set_linger(500)?;

    // PUSH dá uma tarefa a cada worker, à vez, sem olhar a quem está livre.
    // Com filas e buffers curtos, quem trabalha depressa esvazia os seus e
    // recebe mais, e quem chega tarde ainda encontra tarefas.
    workers.set_sndhwm(1)?;
    workers.set_sndbuf(1024)?;

    bind(&workers, endpoint).map_err(|error| {
        format!(
            "Não foi possível escutar em {endpoint}: a porta está ocupada ou \
             o endereço não serve ({error}). Escolha outro: \
             cargo run -p zmq_push_ventilator -- tcp://127.0.0.1:5565"
        )
    })?;
    let address = workers.get_last_endpoint()?.unwrap_or(endpoint.to_string());
    println!("Ventilator a escutar em {address}");

    let sink = context.socket(zmq::REQ)?;
    sink.set_rcvtimeo(200)?;
    sink.set_linger(0)?;
    sink.connect(batches).map_err(|error| {
        format!(
            "«{batches}» não é um endereço que sirva ({error}). Um exemplo: \
             cargo run -p zmq_push_ventilator -- {ENDPOINT} {BATCH_ENDPOINT}"
        )
    })?;

    match distribute(&workers, &sink, tasks) {
        Err(_) if STOPPING.load(Ordering::Relaxed) => Ok(()),
        result => Ok(result?),
    }
}

fn distribute(
    workers: &zmq::Socket,
    sink: &zmq::Socket,
    tasks: u32,
) -> zmq::Result<()> {
    // O lote começa quando o sink responde que está pronto.
    sink.send(&tasks.to_string(), 0)?;
    retry(|| sink.recv_bytes(0))?;

    let limit = |number| u64::from(LIMIT) * number / u64::from(tasks);
    for number in 0..tasks.into() {
        // O número da tarefa e o intervalo, sem o último. Sem workers, espera.
        let task = format!("{number} {} {}", limit(number), limit(number + 1));
        retry(|| workers.send(&task, 0))?;
    }
    println!("Enviadas: {tasks} tarefas");

    // A esta pergunta o sink só responde quando tem os resultados.
    sink.send("fim", 0)?;
    retry(|| sink.recv_bytes(0))?;

    // PUSH não sabe quantos workers há. As filas de todos estão agora vazias:
    // envia «fim» até não caber mais nenhum. Cada worker sai com o primeiro.
    while workers.send("fim", zmq::DONTWAIT).is_ok() {}
    println!("Lote terminado");
    Ok(())
}

/// Repete uma operação, que tem um limite de tempo, até conseguir ou até haver
/// Ctrl-C.
fn retry<T>(operation: impl Fn() -> zmq::Result<T>) -> zmq::Result<T> {
    while !STOPPING.load(Ordering::Relaxed) {
        match operation() {
            Err(zmq::Error::EAGAIN | zmq::Error::EINTR) => {}
            result => return result,
        }
    }
    Err(zmq::Error::EINTR)
}

fn bind(socket: &zmq::Socket, endpoint: &str) -> Result<(), Box<dyn Error>> {
    // O libzmq guarda a porta em 16 bits e corta o resto: 99999 seria 34463.
    let port = endpoint.rsplit(':').next().map(str::parse::<u32>);
    if port.is_some_and(|port| port.is_ok_and(|port| port > 65_535)) {
        return Err(zmq::Error::EINVAL.into());
    }

    // Em ipc, `bind` apaga o ficheiro que lá estiver, mesmo o de um servidor
    // vivo, e nenhum dos dois dá por isso. Só está livre se ninguém atende.
    #[cfg(unix)]
    if let Some(path) = endpoint.strip_prefix("ipc://") {
        match UnixStream::connect(path).map_err(|error| (error.kind(), error)) {
            Ok(_) => return Err(zmq::Error::EADDRINUSE.into()),
            Err((ErrorKind::NotFound | ErrorKind::ConnectionRefused, _)) => {}
            Err((_, error)) => return Err(error.into()),
        }
    }
    Ok(socket.bind(endpoint)?)
}
