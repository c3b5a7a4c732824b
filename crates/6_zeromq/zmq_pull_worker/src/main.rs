//! # Worker: fazer o trabalho
//!
//! O padrão `PUSH/PULL` do diapositivo «Padrão: Sem Broker (ZeroMQ / ØMQ)»:
//! recebe tarefas do ventilator e entrega os resultados ao sink. Há tantos
//! workers quantas vezes se iniciar este programa.
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
//! # noutro terminal
//! $ cargo run -p zmq_pull_worker
//! Worker de tcp://127.0.0.1:5555 para tcp://127.0.0.1:5556
//!
//! Feitas: [..] tarefas
//!
//! # noutro terminal, mais um worker
//! $ cargo run -p zmq_pull_worker
//! Worker de tcp://127.0.0.1:5555 para tcp://127.0.0.1:5556
//!
//! Feitas: [..] tarefas
//! ```
//!
//! **O que muda.** O diapositivo não traz código, nem diz o preço: PUSH/PULL
//! não tem confirmações. Se um worker morre, perdem-se a tarefa que tinha em
//! mãos e as que já lhe tinham sido enviadas (em TCP podem ser mais de cem), e
//! ninguém as repete. Para isso existe o broker do diapositivo anterior.
//!
//! **Experimente.** Inicie mais workers a meio de um lote. Depois mate um
//! (`kill -9`) e veja o que diz o sink.

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

const ENDPOINT: &str = "tcp://127.0.0.1:5555";
const SINK_ENDPOINT: &str = "tcp://127.0.0.1:5556";

/// Fica verdadeiro com Ctrl-C.
static STOPPING: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    let mut words = env::args().skip(1);
    let endpoint = words.next().unwrap_or(ENDPOINT.to_string());
    let sink = words.next().unwrap_or(SINK_ENDPOINT.to_string());
    match work(&endpoint, &sink) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn work(endpoint: &str, sink: &str) -> Result<(), Box<dyn Error>> {
    ctrlc::set_handler(|| STOPPING.store(true, Ordering::Relaxed))?;

    let context = zmq::Context::new();
    let tasks = context.socket(zmq::PULL)?;
    let results = context.socket(zmq::PUSH)?;

    // A fila de tarefas é curta: o que um worker tem guardado já não vai para
    // outro que esteja livre, e perde-se se este morrer.
    tasks.set_rcvhwm(1)?;
    tasks.set_rcvbuf(1024)?;
    tasks.set_rcvtimeo(200)?; // para ver se houve Ctrl-C
    results.set_sndtimeo(200)?;
    results.set_linger(500)?; // o tempo de entregar o último resultado

    for (socket, endpoint) in [(&tasks, endpoint), (&results, sink)] {
        socket.connect(endpoint).map_err(|error| {
            format!(
                "«{endpoint}» não é um endereço que sirva ({error}). Um \
                 exemplo: cargo run -p zmq_pull_worker -- {ENDPOINT} \
                 {SINK_ENDPOINT}"
            )
        })?;
    }
    println!("Worker de {endpoint} para {sink}");

    let mut done = 0;
    let result = do_tasks(&tasks, &results, &mut done);
    println!("Feitas: {done} tarefas");
    match result {
        Err(_) if STOPPING.load(Ordering::Relaxed) => Ok(()),
        result => Ok(result?),
    }
}

fn do_tasks(
    tasks: &zmq::Socket,
    results: &zmq::Socket,
    done: &mut u32,
) -> zmq::Result<()> {
    while !STOPPING.load(Ordering::Relaxed) {
        let task = retry(|| tasks.recv_bytes(0))?;
        if task == b"fim" {
            break;
        }
        let task = String::from_utf8_lossy(&task);
        match do_task(&task) {
            Some(result) => {
                // Sem sink, ou com um sink atrasado, espera que haja lugar.
                retry(|| results.send(&result, 0))?;
                *done += 1;
            }
            None => eprintln!("Não é uma tarefa: {task:.200}"),
        }
    }
    Ok(())
}

/// Repete uma operação, que tem um limite de tempo, até conseguir; com Ctrl-C,
/// dá o erro que houver.
fn retry<T>(operation: impl Fn() -> zmq::Result<T>) -> zmq::Result<T> {
    loop {
        match operation() {
            Err(zmq::Error::EAGAIN | zmq::Error::EINTR)
                if !STOPPING.load(Ordering::Relaxed) => {}
            result => return result,
        }
    }
}

/// Faz uma tarefa, «número início fim», e dá o resultado: o número da tarefa,
/// os primos que há no intervalo e os microssegundos que demorou.
fn do_task(task: &str) -> Option<String> {
    let fields: Vec<u32> = task
        .split(' ')
        .map(|field| field.parse().ok())
        .collect::<Option<_>>()?;
    let [number, first, end] = fields[..] else {
        return None;
    };
    let start = Instant::now();
    let primes = (first..end).filter(|n| is_prime(*n)).count();
    Some(format!("{number} {primes} {}", start.elapsed().as_micros()))
}

fn is_prime(number: u32) -> bool {
    // Basta tentar os divisores até à raiz quadrada.
    let mut divisors = (2..).take_while(|divisor| *divisor <= number / divisor);
    number >= 2 && !divisors.any(|divisor| number.is_multiple_of(divisor))
}
