//! # Sink: juntar os resultados
//!
//! O padrão `PUSH/PULL` do diapositivo «Padrão: Sem Broker (ZeroMQ / ØMQ)»:
//! recebe os resultados de todos os workers e mostra o total e o ganho.
//!
//! ```console
//! $ cargo run -p zmq_pull_sink
//! Sink a escutar em tcp://127.0.0.1:5556
//! Lotes anunciados em tcp://127.0.0.1:5557
//!
//! Lote: 100 tarefas
//! Total: 78498 primos
//! Tempo: [..] s; trabalho: [..] s; ganho: [..] vezes
//!
//! # noutro terminal
//! $ cargo run -p zmq_push_ventilator -- 100
//! Ventilator a escutar em tcp://127.0.0.1:5555
//! Enviadas: 100 tarefas
//! Lote terminado
//!
//! # noutro terminal
//! $ cargo run -p zmq_pull_worker
//! Worker de tcp://127.0.0.1:5555 para tcp://127.0.0.1:5556
//! Feitas: 100 tarefas
//! ```
//!
//! **O que muda.** O diapositivo não traz código. O que um worker leva consigo
//! quando morre não volta: o sink não espera mais de cinco segundos por um
//! resultado, e diz quantos faltam.
//!
//! **Experimente.** Compare o ganho com um, dois e quatro workers. (O trabalho
//! é a soma do que cada tarefa demorou. Com mais workers do que núcleos, esse
//! tempo inclui a espera por um núcleo, e o ganho parece maior do que é.)

use std::collections::HashMap;
use std::env;
use std::error::Error;
#[cfg(unix)]
use std::io::ErrorKind;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const ENDPOINT: &str = "tcp://127.0.0.1:5556";
const BATCH_ENDPOINT: &str = "tcp://127.0.0.1:5557";

/// O silêncio a partir do qual o que falta se dá por perdido.
const PATIENCE: Duration = Duration::from_secs(5);

/// Fica verdadeiro com Ctrl-C.
static STOPPING: AtomicBool = AtomicBool::new(false);

fn main() -> ExitCode {
    let mut words = env::args().skip(1);
    let endpoint = words.next().unwrap_or(ENDPOINT.to_string());
    let batches = words.next().unwrap_or(BATCH_ENDPOINT.to_string());
    match collect(&endpoint, &batches) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn collect(endpoint: &str, batches: &str) -> Result<(), Box<dyn Error>> {
    ctrlc::set_handler(|| STOPPING.store(true, Ordering::Relaxed))?;

    let context = zmq::Context::new();
    let (results, address) = open(&context, zmq::PULL, endpoint)?;
    println!("Sink a escutar em {address}");
    let (ventilator, address) = open(&context, zmq::REP, batches)?;
    println!("Lotes anunciados em {address}");

    let mut batch = Batch::new(0);
    let mut all_sent = false;
    let mut silent_since = Instant::now();
    while !all_sent || batch.missing() > 0 && silent_since.elapsed() < PATIENCE
    {
        // Espera em dois sockets ao mesmo tempo; e nunca mais de 200 ms, para
        // ver se houve Ctrl-C.
        let mut sockets = [
            results.as_poll_item(zmq::POLLIN),
            ventilator.as_poll_item(zmq::POLLIN),
        ];
        match zmq::poll(&mut sockets, 200) {
            Ok(0) | Err(zmq::Error::EINTR) => {}
            Ok(_) => silent_since = Instant::now(),
            Err(error) => return Err(error.into()),
        }
        if STOPPING.load(Ordering::Relaxed) {
            return Ok(());
        }
        if sockets[0].is_readable() {
            match numbers(&results.recv_bytes(0)?)[..] {
                [number, primes, micros] => batch.add(number, primes, micros),
                _ => eprintln!("Não é um resultado"),
            }
        }
        if sockets[1].is_readable() {
            match numbers(&ventilator.recv_bytes(0)?)[..] {
                // Um lote novo. O ventilator só começa com esta resposta.
                [tasks] => {
                    println!("Lote: {tasks} tarefas");
                    batch = Batch::new(tasks);
                    ventilator.send("", 0)?;
                }
                // Estão todas entregues. A resposta fica para o fim.
                _ => all_sent = true,
            }
        }
    }
    ventilator.send("", 0)?;
    batch.report()
}

/// Os números de uma mensagem de texto; nenhum, se não for só números.
fn numbers(message: &[u8]) -> Vec<u32> {
    let text = String::from_utf8_lossy(message);
    let numbers: Result<_, _> = text.split(' ').map(str::parse).collect();
    numbers.unwrap_or_default()
}

/// O que já se sabe de um lote.
struct Batch {
    tasks: u32,
    primes: HashMap<u32, u32>, // por tarefa
    work: Duration,
    first: Instant,
    last: Instant,
}

impl Batch {
    fn new(tasks: u32) -> Batch {
        let now = Instant::now();
        Batch {
            tasks,
            primes: HashMap::new(),
            work: Duration::ZERO,
            first: now,
            last: now,
        }
    }

    fn add(&mut self, number: u32, primes: u32, micros: u32) {
        // Um resultado repetido, ou de outro lote, não conta.
        if number >= self.tasks || self.primes.contains_key(&number) {
            return;
        }
        let time = Duration::from_micros(micros.into());
        self.last = Instant::now();
        if self.primes.is_empty() {
            // O relógio começou quando começou a primeira tarefa.
            self.first = self.last.checked_sub(time).unwrap_or(self.last);
        }
        self.primes.insert(number, primes);
        self.work += time;
    }

    fn missing(&self) -> usize {
        self.tasks as usize - self.primes.len()
    }

    fn report(&self) -> Result<(), Box<dyn Error>> {
        if self.missing() > 0 {
            return Err(format!(
                "Faltam {} de {} tarefas: perderam-se com um worker que \
                 terminou a meio. Repita o lote.",
                self.missing(),
                self.tasks
            )
            .into());
        }
        let total: u64 = self.primes.values().map(|n| u64::from(*n)).sum();
        let time = (self.last - self.first).as_secs_f64();
        let work = self.work.as_secs_f64();
        println!("Total: {total} primos");
        println!(
            "Tempo: {time:.2} s; trabalho: {work:.2} s; ganho: {:.2} vezes",
            work / time
        );
        Ok(())
    }
}

/// Um socket à escuta e o endereço que obteve. No fim, dá meio segundo ao que
/// ainda não saiu.
fn open(
    context: &zmq::Context,
    kind: zmq::SocketType,
    endpoint: &str,
) -> Result<(zmq::Socket, String), Box<dyn Error>> {
    let socket = context.socket(kind)?;
    socket.set_linger(500)?;
    bind(&socket, endpoint).map_err(|error| {
        format!(
            "Não foi possível escutar em {endpoint}: a porta está ocupada ou \
             o endereço não serve ({error}). Escolha outros: \
             cargo run -p zmq_pull_sink -- tcp://127.0.0.1:5566 \
             tcp://127.0.0.1:5567"
        )
    })?;
    let address = socket.get_last_endpoint()?.unwrap_or(endpoint.to_string());
    Ok((socket, address))
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
