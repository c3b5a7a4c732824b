//! # Ventilator: distribuir trabalho
//!
//! O padrão `PUSH/PULL` do diapositivo «Padrão: Sem Broker (ZeroMQ / ØMQ)»:
//! corta um trabalho em tarefas, contar os primos até um milhão, e distribui-as
//! pelos workers que houver. Cada programa espera pelos outros.
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
//! **Experimente.** Com um worker e com dois, mil tarefas e só duas, e mais um
//! worker a meio: que ganho diz o sink? (Com `--release` é mais rápido.)

use std::{env, io, process};

const ENDPOINT: &str = "tcp://127.0.0.1:5555";
const TASKS: u64 = 1000;

/// Contam-se os primos abaixo deste número.
const LIMIT: u64 = 1_000_000;

fn main() -> zmq::Result<()> {
    let endpoint = env::args().nth(1).unwrap_or(ENDPOINT.to_string());
    let context = zmq::Context::new();
    let socket = context.socket(zmq::PUSH)?;

    // PUSH dá uma tarefa a cada worker, à vez, sem olhar a quem está livre.
    // Com filas e buffers curtos, quem trabalha depressa esvazia os seus e
    // recebe mais, e quem chega tarde ainda encontra tarefas.
    socket.set_sndhwm(1)?;
    socket.set_sndbuf(1024)?;
    socket.bind(&endpoint).unwrap_or_else(|error| {
        eprintln!(
            "Não foi possível escutar em {endpoint} ({error}). Escolha outro: \
             cargo run -p zmq_push_ventilator -- tcp://127.0.0.1:5565"
        );
        process::exit(1)
    });
    let address = socket.get_last_endpoint()?.unwrap_or(endpoint);
    println!("Ventilator a escutar em {address}");
    println!("Quantas tarefas? (só Enter: {TASKS})");

    // Fica vivo entre lotes: se saísse, levava o que ainda não foi entregue.
    // Um número ao acaso distingue cada lote, também dos de outro ventilator.
    for line in io::stdin().lines().map_while(Result::ok) {
        let tasks = line.trim().parse().unwrap_or(TASKS);
        let batch: u32 = rand::random();
        for number in 0..tasks {
            let first = LIMIT * number / tasks;
            let end = LIMIT * (number + 1) / tasks;
            // Sem workers, espera.
            socket.send(&format!("{batch} {tasks} {first} {end}"), 0)?;
        }
        println!("Enviadas: {tasks} tarefas");
    }
    Ok(())
}
