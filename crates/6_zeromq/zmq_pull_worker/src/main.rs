//! # Worker: fazer o trabalho
//!
//! O padrão `PUSH/PULL` do diapositivo «Padrão: Sem Broker (ZeroMQ / ØMQ)»:
//! recebe tarefas do ventilator e entrega os resultados ao sink. Há tantos
//! workers quantas vezes se iniciar este programa.
//!
//! ```console
//! $ cargo run -p zmq_pull_sink
//! Sink a escutar em tcp://127.0.0.1:5556
//! Recebido: 41538 primos; faltam 1 tarefas
//! Recebido: 36960 primos; faltam 0 tarefas
//! Total: 78498 primos em [..]s; ganho: [..] vezes
//! ^C
//!
//! $ cargo run -p zmq_push_ventilator
//! Ventilator a escutar em tcp://127.0.0.1:5555
//! Quantas tarefas? (só Enter: 1000)
//! > 2
//! Enviadas: 2 tarefas
//! ^D
//!
//! $ cargo run -p zmq_pull_worker
//! Worker de tcp://127.0.0.1:5555 para tcp://127.0.0.1:5556
//! Entre 0 e 500000: 41538 primos
//! Entre 500000 e 1000000: 36960 primos
//!
//! ^C
//! ```
//!
//! **Experimente.** Mate um worker (`kill -9`) a meio de mil tarefas. PUSH/PULL
//! não tem confirmações: que diz o sink? E com o broker da parte 5?

use std::time::Instant;
use std::{env, process};

const ENDPOINT: &str = "tcp://127.0.0.1:5555";
const SINK_ENDPOINT: &str = "tcp://127.0.0.1:5556";

fn main() -> zmq::Result<()> {
    let mut arguments = env::args().skip(1);
    let endpoint = arguments.next().unwrap_or(ENDPOINT.to_string());
    let sink = arguments.next().unwrap_or(SINK_ENDPOINT.to_string());

    let context = zmq::Context::new();
    let tasks = context.socket(zmq::PULL)?;
    let results = context.socket(zmq::PUSH)?;

    // A fila de tarefas é curta: o que um worker tem guardado já não vai para
    // outro que esteja livre, e perde-se se este morrer.
    tasks.set_rcvhwm(1)?;
    tasks.set_rcvbuf(1024)?;
    for (socket, endpoint) in [(&tasks, &endpoint), (&results, &sink)] {
        socket.connect(endpoint).unwrap_or_else(|error| {
            eprintln!(
                "«{endpoint}» não serve ({error}). Um exemplo: {ENDPOINT}"
            );
            process::exit(1)
        });
    }
    println!("Worker de {endpoint} para {sink}");

    loop {
        let task = tasks.recv_bytes(0)?;
        let task = String::from_utf8_lossy(&task);
        let fields: Result<Vec<u32>, _> =
            task.split(' ').map(str::parse).collect();
        let Ok(&[batch, count, first, end]) = fields.as_deref() else {
            eprintln!("Não é uma tarefa: {task:.200}");
            continue;
        };
        let start = Instant::now();
        let primes = (first..end).filter(|number| is_prime(*number)).count();
        let micros = start.elapsed().as_micros();
        println!("Entre {first} e {end}: {primes} primos");

        // Com o lote e o número de tarefas, o sink sabe quando tem todas. Sem
        // sink, ou com um sink atrasado, espera que haja lugar.
        results.send(&format!("{batch} {count} {primes} {micros}"), 0)?;
    }
}

fn is_prime(number: u32) -> bool {
    // Basta tentar os divisores até à raiz quadrada.
    let mut divisors = (2..).take_while(|divisor| *divisor <= number / divisor);
    number >= 2 && !divisors.any(|divisor| number.is_multiple_of(divisor))
}
