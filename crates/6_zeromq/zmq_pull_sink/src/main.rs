//! # Sink: juntar os resultados
//!
//! O padrão `PUSH/PULL` do diapositivo «Padrão: Sem Broker (ZeroMQ / ØMQ)»:
//! recebe os resultados de todos os workers e mostra o total e o ganho, que é o
//! trabalho (a soma do que demorou cada tarefa) a dividir pelo tempo.
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
//! ...
//!
//! ^C
//! ```
//!
//! **Experimente.** Que ganho há com um, dois e quatro workers? Com mais do que
//! núcleos, o trabalho inclui a espera por um núcleo, e o ganho engana.

use std::collections::HashMap;
use std::time::{Duration, Instant};
use std::{env, process};

const ENDPOINT: &str = "tcp://127.0.0.1:5556";

fn main() -> zmq::Result<()> {
    let endpoint = env::args().nth(1).unwrap_or(ENDPOINT.to_string());
    let context = zmq::Context::new();
    let socket = context.socket(zmq::PULL)?;
    socket.bind(&endpoint).unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível escutar em {endpoint} ({error}). Escolha outro: \
             cargo run -p zmq_pull_sink -- tcp://127.0.0.1:5566"
        );
        process::exit(1)
    });
    let address = socket.get_last_endpoint()?.unwrap_or(endpoint);
    println!("Sink a escutar em {address}");

    // Dois lotes podem chegar misturados: cada um tem as suas contas.
    let mut batches = HashMap::new();
    loop {
        let result = socket.recv_bytes(0)?;
        let result = String::from_utf8_lossy(&result);
        let fields: Result<Vec<u32>, _> =
            result.split(' ').map(str::parse).collect();
        let Ok(&[batch, tasks, primes, micros]) = fields.as_deref() else {
            eprintln!("Não é um resultado: {result:.200}");
            continue;
        };

        // O relógio começou quando começou a primeira tarefa.
        let time = Duration::from_micros(micros.into());
        let (missing, total, work, start) = batches.entry(batch).or_insert((
            tasks,
            0,
            Duration::ZERO,
            Instant::now() - time,
        ));
        *missing = missing.saturating_sub(1);
        *total += u64::from(primes);
        *work += time;

        // O que um worker leva consigo quando morre fica a faltar. O sink não
        // o distingue de um worker lento.
        println!("Recebido: {primes} primos; faltam {missing} tarefas");
        if *missing == 0 {
            let time = start.elapsed();
            let gain = work.div_duration_f64(time);
            println!(
                "Total: {total} primos em {time:.2?}; ganho: {gain:.2} vezes"
            );
            batches.remove(&batch);
        }
    }
}
